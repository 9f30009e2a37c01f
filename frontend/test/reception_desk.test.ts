// @vitest-environment happy-dom
/* The reception's page beside the scans: its lists, its forms, its lock. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
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
