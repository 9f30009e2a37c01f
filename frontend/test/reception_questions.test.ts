// @vitest-environment happy-dom
/* The questions of the day at the reception: what is offered to press, and what goes out. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { localDay } from "../src/field/facts";
import { ANSWERED, STOPPED, type Op, type Question, type Result, type Snapshot } from "../src/field/protocol";
import { ReceptionPage, cardId, cardText, closePages, snapshotOf } from "./reception_page";

const question = (code: string, kind: Question["kind"]): Question => ({ code, kind, name: code, ask: `${code}？`, yes: `${code}よい`, no: `${code}だめ` });
const ASK = [question("well", "health"), question("fever", "health"), question("boots", "gear"), question("car", "info")];
const HERE = "2026-11-23T09:00:00+09:00";

async function opened(ask: readonly Question[] = ASK, flags: Readonly<Record<number, number>> = {}, answer?: (op: Op) => Result, more: Partial<Snapshot> = {}): Promise<ReceptionPage> {
  const bare = await snapshotOf(["佐藤 花…", "鈴木 一…"], { present: { 1: HERE, 2: HERE }, ...more }, flags);
  const snapshot: Snapshot = { ...bare, operation: { ...bare.operation, questions: { ask, stop: "unanswered" } } };
  return ReceptionPage.open(snapshot, answer);
}

const words = (within: HTMLElement): (string | null)[] => [...within.querySelectorAll("button")].map((each) => each.textContent);

afterEach(() => {
  closePages();
  vi.useRealTimers();
});

describe("somebody who is to talk with the chief", () => {
  const CALL = "確かめることがあります。班長を呼んでください。";

  it("is not asked again in the list of open questions", async () => {
    const desk = await opened(ASK, { 1: STOPPED });
    desk.press("[data-questions-open]");
    const [stopped, other] = [...desk.part("questions-list").querySelectorAll("li")];
    expect(stopped?.textContent).toContain(CALL);
    expect([words(stopped!), words(other!)]).toEqual([[], ["聞く"]]);
  });

  it("is not asked again on the panel either, before the server has said what is left", async () => {
    const desk = await opened(ASK, { 1: STOPPED });
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    expect(desk.part("verdict").textContent).toContain(CALL);
    expect(desk.page.querySelector(".t-questions__answer, .t-questions__all")).toBeNull();
  });
});

describe("a typed name", () => {
  it("is asked nothing before the server has said whose it is, and then that person is", async () => {
    const said = (op: Op): Result => ({
      op_id: op.op_id, seq: op.seq, status: "applied", code: "ok", tone: "ok", title: "", text: "", data: { volunteer: 7, name: "佐藤 花子", questions: { left: ["well"], lacks: [], talk: false } },
    });
    let online = false;
    const desk = await opened(ASK, {}, (op) => {
      if (!online) throw new TypeError("no network");
      return said(op);
    });
    desk.type("さとう　はなこ");
    await desk.shows("recorded");
    expect(desk.page.querySelector("[data-verdict] .t-questions")).toBeNull();
    online = true;
    desk.press("[data-send]");
    await desk.shows("ok");
    expect(desk.page.querySelector("[data-verdict] .t-questions")).not.toBeNull();
    desk.press("だめ", desk.part("verdict"));
    expect((await desk.records(2))[1]?.payload).toMatchObject({ volunteer: 7, answers: { well: "no" } });
  });
});

describe("「ぜんぶ問題なし」", () => {
  it("says that nobody was asked one by one, so that it stands behind whatever else was said", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    desk.press("ぜんぶ問題なし");
    const [, op] = await desk.records(2);
    expect(op?.payload).toMatchObject({ all: true, answers: { well: "yes", fever: "yes", boots: "yes" } });
  });

  it("leaves out what is only good to know, and is not there for one question alone", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    desk.press("ぜんぶ問題なし");
    const [, op] = await desk.records(2);
    expect(op?.payload.answers).not.toHaveProperty("car");
    closePages();
    const less = await opened([ASK[0]!, ASK[3]!]);
    less.read(await cardText(cardId(1)));
    await less.shows("already_present");
    expect(words(less.part("verdict"))).toContain("carよい");
    expect(words(less.part("verdict"))).not.toContain("ぜんぶ問題なし");
  });

  it("asks one by one with no such word", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    desk.press("feverだめ");
    const [, op] = await desk.records(2);
    expect(op?.payload).not.toHaveProperty("all");
  });
});

describe("the list of who was not asked yet", () => {
  it("gives way to 「班長を呼んでください」, and stays for an answer that calls nobody", async () => {
    const desk = await opened();
    desk.press("[data-questions-open]");
    desk.press("聞く");
    desk.press("bootsよい");
    await desk.records(1);
    expect(desk.part("questions").hidden).toBe(false);
    desk.press("feverだめ");
    await desk.shows("answered_talk");
    expect([desk.part("questions").hidden, desk.part("verdict").hidden]).toEqual([true, false]);
  });
});

describe("the rows of the questions", () => {
  const rows = (desk: ReceptionPage): string[] =>
    [...desk.part("verdict").querySelectorAll<HTMLElement>(".t-questions > *")].map((each) => {
      const pressed = each.querySelector("[aria-pressed=true]")?.textContent;
      return pressed ?? (each.querySelector("p") ?? each).textContent ?? "";
    });

  it("stay where they are until all are answered, so that a double tap answers one", async () => {
    const desk = await opened(ASK.slice(0, 3));
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    expect(rows(desk)).toEqual(["ぜんぶ問題なし", "well？", "fever？", "boots？"]);
    desk.press("wellよい");
    await desk.shows("ok_answered");
    expect(rows(desk)).toEqual(["ぜんぶ問題なし", "wellよい", "fever？", "boots？"]);
    desk.press("feverよい");
    await vi.waitFor(() => expect(rows(desk)).toEqual(["あと1問です。", "wellよい", "feverよい", "boots？"]));
    desk.press("bootsよい");
    await vi.waitFor(() => expect(rows(desk)).toEqual(["今日の質問：済み", "答えを直す"]));
    desk.press("答えを直す");
    expect(rows(desk)).toEqual(["wellよい", "feverよい", "bootsよい"]);
  });

  it("judge a press by what was said until then, also on a row that was drawn before", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    const before = [...desk.part("verdict").querySelectorAll("button")];
    before.find((each) => each.textContent === "wellだめ")!.click();
    await desk.shows("answered_talk");
    before.find((each) => each.textContent === "bootsよい")!.click();
    await desk.records(3);
    expect((await desk.shelf.newest(1))[0]?.verdict.code).toBe("answered_talk");
  });

  it("of the bulk leave alone what was answered before it", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    desk.press("wellだめ");
    await desk.shows("answered_talk");
    desk.press("ぜんぶ問題なし");
    const ops = await desk.records(3);
    expect(ops[2]?.payload.answers).toEqual({ fever: "yes", boots: "yes" });
  });
});

describe("a tablet that is never closed", () => {
  const overnight = (): void => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    window.dispatchEvent(new Event("online"));
  };

  it("forgets what people said when the day is over", async () => {
    const desk = await opened(ASK, {}, ({ op_id, seq }) => ({ op_id, seq, status: "applied", code: "ok", tone: "ok", title: "", text: "", data: {} }));
    desk.read(await cardText(cardId(1)));
    await desk.shows("ok");
    desk.press("feverだめ");
    await desk.records(2);
    await vi.waitFor(async () => expect(await desk.shelf.queuedCount()).toBe(0));
    overnight();
    await vi.waitFor(async () => expect((await desk.recorded())[1]?.payload.answers).toEqual({}));
  });

  it("takes yesterday's marks of the snapshot for nothing, also without a network", async () => {
    const yesterday = localDay(new Date(Date.now() - 86_400_000));
    const desk = await opened(ASK, { 1: STOPPED, 2: ANSWERED }, undefined, { today: { day: yesterday, arrived: 2, left: [] } });
    for (const person of [1, 2]) {
      desk.read(await cardText(cardId(person)));
      await vi.waitFor(() => expect(desk.part("verdict").textContent).toContain(["佐藤", "鈴木"][person - 1]));
      expect(desk.part("verdict").querySelectorAll(".t-questions__row").length).toBe(4);
      expect(desk.part("verdict").textContent).not.toContain("班長を呼んで");
    }
  });

  it("asks anew the next day, also without a network", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    desk.press("feverだめ");
    await desk.shows("answered_talk");
    overnight();
    await desk.rest();
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    expect(desk.part("verdict").querySelectorAll("[aria-pressed=true]").length).toBe(0);
  });
});
