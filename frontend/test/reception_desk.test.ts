// @vitest-environment happy-dom
/* The reception's page beside the scans: its lists, its forms, its lock. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { stamp } from "../src/field/clock";
import { BLOCKED, type Op, type Result } from "../src/field/protocol";
import { say } from "../src/field/snapshot";
import { uuid7 } from "../src/field/uuid7";
import { ReceptionPage, SHEET_ID, cardId, cardText, closePages, snapshotOf } from "./reception_page";

afterEach(closePages);

describe("where the tablet stands", () => {
  it("lets go of the focus once it is chosen, so that a reader is heard", async () => {
    const desk = await ReceptionPage.open(await snapshotOf(["佐藤 花…"], { sites: [{ id: 1, name: "本部" }, { id: 2, name: "北" }] }));
    const choice = desk.part<HTMLSelectElement>("site");
    choice.focus();
    choice.value = "2";
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.activeElement).not.toBe(choice);
  });
});

describe("a locked tablet", () => {
  const lock = (): void => localStorage.setItem("operators", JSON.stringify({ device: "d", etag: "", operators: [{ badge: "b", user: 7, name: "", verifier: "", ends_at: null }] }));

  it("shows nobody's name: no verdict, list, form or question stands beside the PIN", async () => {
    const desk = await ReceptionPage.open(await snapshotOf(["佐藤 花…"]));
    const style = document.createElement("style");
    style.textContent = readFileSync("css/tablet.css", "utf8").replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/g, "");
    desk.page.append(style);
    desk.page.className = "tablet";
    desk.part("group").hidden = false;
    const personal = [...desk.page.querySelectorAll(".t-form, .t-verdict, .t-recent, .t-others, .t-site, .t-typed, .t-strip")];
    expect(personal.length).toBeGreaterThan(8);
    desk.page.dataset["operatorScreen"] = "pin";
    expect(personal.filter((each) => getComputedStyle(each).display !== "none").map((each) => each.className)).toEqual([]);
    expect(getComputedStyle(desk.part("eye")).display).not.toBe("none");
  });

  it("records nothing that is pressed", async () => {
    const groups = [{ id: 5, name: "町内会", sheet: SHEET_ID.slice(0, 16), members: [[1, "佐藤 花…", ""], [2, "鈴木 一…", ""]] as const }];
    const bare = await snapshotOf(["佐藤 花…", "鈴木 一…"], { groups });
    const ask = [{ code: "well", kind: "health", name: "", ask: "？", yes: "よい", no: "よくない" }] as const;
    const desk = await ReceptionPage.open({ ...bare, operation: { ...bare.operation, orientation_required: true, questions: { ask, stop: "no" } } });
    desk.read(await cardText(cardId(1)));
    await desk.shows("ok");
    const panel = desk.part("verdict");
    const buttons = [...panel.querySelectorAll("button")];
    expect(buttons.map((each) => each.textContent)).toEqual(["よい", "よくない", "説明を受けた", "団体で受付（町内会 2人）", "取り消す"]);
    lock();
    for (const each of buttons) each.click();
    desk.press("[data-group-done]");
    await desk.rest();
    expect((await desk.recorded()).map(({ kind }) => kind)).toEqual(["visit.arrive"]);
  });
});

describe("with and without a network", () => {
  it("failure 07: the same scan takes the same way, and there is no mode to choose", async () => {
    const snapshot = await snapshotOf(["佐藤 花…"]);
    const answer = ({ op_id, seq }: Op): Result => ({ op_id, seq, status: "applied", code: "ok", tone: "ok", title: "受付しました", text: "", data: { volunteer: 1 } });
    const scan = async (server?: (op: Op) => Result) => {
      const desk = await ReceptionPage.open(snapshot, server);
      desk.read(await cardText(cardId(1)));
      await desk.shows("ok");
      const [op] = await desk.records(1);
      const said = [desk.part("verdict").dataset["tone"], desk.part("verdict").querySelector(".t-verdict__title")?.textContent];
      const words = [...desk.page.querySelectorAll("button, label, option, a")].map((each) => `${each.textContent} ${each.getAttribute("aria-label") ?? ""}`);
      return { op: [op?.kind, op?.payload, op?.lane], said, words, desk };
    };
    const off = await scan();
    expect(await off.desk.shelf.queuedCount()).toBe(1);
    closePages();
    const on = await scan(answer);
    await vi.waitFor(async () => expect(await on.desk.shelf.queuedCount()).toBe(0));
    expect(on.op).toEqual(off.op);
    expect(on.said).toEqual(off.said);
    for (const words of [off.words, on.words]) expect(words.filter((each) => /オフライン|オンライン|電波|モード/.test(each))).toEqual([]);
  });
});

describe("a name instead of a card", () => {
  it("in Latin letters is taken for a wrong number, and the page says how to write it", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]));
    desk.type("Sato");
    expect(desk.part("typed-say").textContent).toContain("（名前は、ひらがな・カタカナ・漢字で入力してください）");
  });

  it("that is a family name alone receives nobody, though one person here is called so", async () => {
    const desk = await ReceptionPage.open(await snapshotOf(["森 太…"]));
    desk.type("森");
    await desk.shows("ambiguous");
    expect(desk.part("verdict").textContent).toContain("まだ受付していません");
    desk.press("この人です");
    const [failed, op] = await desk.records(2);
    expect([failed?.kind, op?.kind, op?.payload.volunteer]).toEqual(["scan.failed", "visit.arrive", 1]);
  });
});

describe("somebody whom a button sent to the reader once more", () => {
  it.each([["already_present", "帰りとして記録", "visit.leave"], ["ok", "取り消す", "visit.undo"]])(
    "is read again at once (%s)",
    async (code, word, kind) => {
      const present = code === "ok" ? {} : { present: { 1: "2026-11-23T09:00:00+09:00" } };
      const desk = await ReceptionPage.open(await snapshotOf(["佐藤 花…"], present));
      desk.read(await cardText(cardId(1)));
      await desk.shows(code);
      desk.press(word);
      await desk.records(2);
      desk.read(await cardText(cardId(1)));
      expect((await desk.records(3)).map((op) => op.kind)).toEqual(["visit.arrive", kind, "visit.arrive"]);
    },
  );
});

describe("a name that the server finds twice or not at all", () => {
  const answers = (code: string, was?: "review") => (op: Op): Result => ({
    op_id: op.op_id, seq: op.seq, status: op.payload.name === undefined ? "applied" : was ? "replayed" : "review", code: op.payload.name === undefined ? "ok" : code,
    tone: op.payload.name === undefined ? "ok" : code === "ambiguous" ? "warn" : "stop", title: "決まっていません", text: "班長が「確かめること」で決めます。", ...(was ? { was } : {}),
    data: op.payload.name === undefined ? {} : { candidates: [{ volunteer: 8, name: "佐藤 一…", kana: "" }, { volunteer: 9, name: "佐藤 花…", kana: "" }] },
  });

  it.each([["ambiguous", undefined], ["no_such_volunteer", undefined], ["no_such_volunteer", "review"]] as const)(
    "stays on the list with what to do (%s, answer lost: %s)",
    async (code, was) => {
      const desk = await ReceptionPage.open(await snapshotOf([]), answers(code, was));
      desk.type("佐藤");
      await desk.shows(code);
      for (let i = 0; i < 25; i += 1) await desk.shelf.append({ op_id: uuid7(), actor: null, operation: 1, kind: "visit.arrive", v: 1, ...stamp(), lane: "", base: {}, payload: { volunteer: 3 }, mode: "online" }, say(null, "recorded"));
      await desk.shelf.prune(20);
      desk.press("[data-send]");
      await vi.waitFor(() => expect(desk.part("look").hidden).toBe(false));
      expect(desk.part("recent").textContent).toContain("「佐藤」");
      expect(desk.part("recent").textContent).toContain("班長が「確かめること」で決めます。");
    },
  );

  it("needs nobody any more once one of them is picked, and says whose name it was", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), answers("ambiguous"));
    desk.type("佐藤");
    await desk.shows("ambiguous");
    await vi.waitFor(() => expect(desk.part("look").hidden).toBe(false));
    desk.press("この人です");
    const [typed, picked] = await desk.records(2);
    expect(picked?.payload).toMatchObject({ volunteer: 8, instead_of: typed?.op_id });
    await vi.waitFor(() => expect(desk.part("look").hidden).toBe(true));
  });

  const written = (desk: ReceptionPage): void => {
    const form = desk.part<HTMLFormElement>("walkin-form");
    form.querySelector<HTMLInputElement>("[name=family_name]")!.value = "佐藤";
    form.querySelector<HTMLInputElement>("[name=age][value=adult]")!.checked = true;
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  };

  it("is settled by whoever is written down as the page says, and needs nobody any more", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), answers("no_such_volunteer"));
    desk.type("佐藤");
    await desk.shows("no_such_volunteer");
    await vi.waitFor(() => expect(desk.part("look").hidden).toBe(false));
    desk.press("[data-walkin-open]");
    expect(desk.part("walkin-typed").textContent).toContain("「佐藤」と入力した方の記録にします。");
    written(desk);
    const [typed, came] = await desk.records(2);
    expect([came?.kind, came?.payload.instead_of]).toEqual(["person.walk_in", typed?.op_id]);
    await vi.waitFor(() => expect(desk.part("look").hidden).toBe(true));
  });

  it("is settled by whoever is found in the register, in the way it was typed", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), answers("no_such_volunteer"));
    const send = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) =>
      url.startsWith("/people") ? new Response(JSON.stringify({ people: [{ volunteer: 9, name: "佐藤 花子", kana: "", has_card: true, here: false }] })) : send(url, init));
    desk.press("[data-way='visit.leave']");
    desk.type("さとう");
    await desk.shows("no_such_volunteer");
    desk.press("[data-way='visit.arrive']");
    desk.press("[data-search-open]");
    const form = desk.part<HTMLFormElement>("search-form");
    form.querySelector("input")!.value = "花子";
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => desk.press("この人を受付"));
    const [typed, found] = await desk.records(2);
    expect([found?.kind, found?.payload]).toEqual(["visit.leave", { volunteer: 9, input: "list", instead_of: typed?.op_id }]);
    await vi.waitFor(() => expect(desk.part("look").hidden).toBe(true));
  });

  it("is settled by whom a walk-in turns out to be, who has arrived whatever is recorded by then", async () => {
    const known = { volunteer: 9, name: "佐藤 花子", kana: "さとう はなこ", same: ["name"] as const };
    const desk = await ReceptionPage.open(await snapshotOf([]), (op) => {
      const result = answers("no_such_volunteer")(op);
      return op.kind === "person.walk_in" ? { ...result, data: { volunteer: 12, alike: [known] } } : result;
    });
    desk.type("佐藤");
    await desk.shows("no_such_volunteer");
    desk.press("[data-walkin-open]");
    written(desk);
    const [typed] = await desk.records(2);
    desk.press("[data-way='visit.leave']");
    await vi.waitFor(() => desk.press("この人です"));
    const [, , undo, came] = await desk.records(4);
    expect(undo?.kind).toBe("visit.undo");
    expect([came?.kind, came?.payload]).toEqual(["visit.arrive", { volunteer: 9, input: "list", instead_of: typed?.op_id }]);
    expect(desk.part("look").hidden).toBe(true);
  });

  it("stays on the list when the form is for somebody else", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), answers("no_such_volunteer"));
    desk.type("佐藤");
    await desk.shows("no_such_volunteer");
    desk.press("[data-walkin-open]");
    desk.press("別の人です");
    expect(desk.part("walkin-typed").textContent).toBe("");
    written(desk);
    const [, came] = await desk.records(2);
    expect(came?.payload.instead_of).toBeUndefined();
    await desk.rest();
    expect(desk.part("look").hidden).toBe(false);
  });

  it("stays on the list when whom the name meant is pressed on a locked tablet", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), answers("ambiguous"));
    desk.type("佐藤");
    await desk.shows("ambiguous");
    localStorage.setItem("operators", JSON.stringify({ device: "d", etag: "", operators: [{ badge: "b", user: 7, name: "", verifier: "", ends_at: null }] }));
    desk.press("この人です");
    await desk.rest();
    expect([(await desk.recorded()).length, desk.part("look").hidden]).toEqual([1, false]);
  });

  it("is judged by the tablet as the card of whoever is picked", async () => {
    const answer = answers("ambiguous");
    const desk = await ReceptionPage.open(await snapshotOf(["鈴木 一…", "鈴木 二…"], {}, { 1: BLOCKED }), (op) => {
      if (op.payload.name === undefined) throw new TypeError("no network");
      return { ...answer(op), data: { candidates: [{ volunteer: 1, name: "鈴木 一…", kana: "" }] } };
    });
    desk.type("すずきいちろう");
    await desk.shows("ambiguous");
    desk.press("この人です");
    await desk.shows("blocked");
    expect(desk.part("arrived").textContent).toBe("0");
  });

  it("is amber of whom the tablet knows no card: nothing was checked", async () => {
    const desk = await ReceptionPage.open(await snapshotOf([]), (op) => {
      if (op.payload.name === undefined) throw new TypeError("no network");
      return answers("ambiguous")(op);
    });
    desk.type("佐藤");
    await desk.shows("ambiguous");
    desk.press("この人です");
    await desk.shows("recorded");
    expect(desk.part("verdict").textContent).toContain("佐藤 一…");
  });
});
