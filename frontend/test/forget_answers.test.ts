/* Health is for the day: the next morning a tablet knows that somebody answered, and not what. */
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { stamp } from "../src/field/clock";
import { forgetAnswers } from "../src/field/forget_answers";
import type { Fact, Verdict } from "../src/field/protocol";
import { Shelf } from "../src/field/shelf";
import { uuid7 } from "../src/field/uuid7";

const VERDICT: Verdict = { code: "answered_talk", tone: "warn", title: "班長を呼んでください", say: "", name: "佐藤 花…", kana: "さとう は…", volunteer: 7, todo: [] };
const TODAY = new Date();
const TOMORROW = new Date(TODAY.getTime() + 86_400_000);

function said(): Fact {
  return {
    op_id: uuid7(), actor: 3, operation: 1, kind: "visit.answer", v: 1, ...stamp(), lane: "person:7", base: {},
    payload: { volunteer: 7, answers: { well: "no" } }, mode: "offline",
  };
}

describe("the answers of a day", () => {
  let shelf: Shelf;
  beforeEach(async () => {
    shelf = await Shelf.open(`forget-${Math.random()}`);
  });

  async function settled(): Promise<string> {
    const { op_id, seq } = await shelf.append(said(), VERDICT);
    const { code, tone, title } = VERDICT;
    await shelf.settle([{ op_id, seq, status: "applied", code, tone, title, text: "", data: { questions: { left: [], lacks: [], talk: true } } }], "1", 0);
    return op_id;
  }

  it("stay while the day lasts", async () => {
    const id = await settled();
    expect(await forgetAnswers(shelf, TODAY)).toBe(0);
    expect((await shelf.entry(id))?.op.payload.answers).toEqual({ well: "no" });
  });

  it("are emptied the next day, and once is enough", async () => {
    const id = await settled();
    expect(await forgetAnswers(shelf, TOMORROW)).toBe(1);
    expect(await forgetAnswers(shelf, TOMORROW)).toBe(0);
    const entry = await shelf.entry(id);
    expect(entry?.op.payload).toEqual({ volunteer: 7, answers: {} });
    expect(JSON.stringify(entry)).not.toMatch(/talk|班長/u);
  });

  it("leave no trace in the answer to another fact either: that the chief was to be called is health as well", async () => {
    const todo = [{ code: "answer_talk", text: "班長" }, { code: "orientation", text: "説明" }];
    const { op_id, seq } = await shelf.append({ ...said(), kind: "visit.arrive", payload: { volunteer: 7 } }, { ...VERDICT, code: "ok", title: "受付しました", todo });
    await shelf.settle([{ op_id, seq, status: "applied", code: "ok", tone: "ok", title: "受付しました", text: "", data: { name: "佐藤", questions: { left: [], lacks: [], talk: true }, todo } }], "1", 0);
    expect(await forgetAnswers(shelf, TOMORROW)).toBe(1);
    expect(await forgetAnswers(shelf, TOMORROW)).toBe(0);
    const entry = await shelf.entry(op_id);
    expect(JSON.stringify(entry)).not.toMatch(/talk|班長/u);
    expect([entry?.result?.data, entry?.verdict.todo]).toEqual([{ name: "佐藤", todo: [todo[1]] }, [todo[1]]]);
  });

  it("are emptied a few at a time, all of them", async () => {
    const ids = [await settled(), await settled(), await settled()];
    expect(await shelf.rewriteSettled(TOMORROW.getTime(), (entry) => ({ ...entry, look: 1 }), 2)).toBe(3);
    expect((await shelf.toLookAt()).map(({ op_id }) => op_id)).toEqual(ids);
  });

  it("are kept as long as the server has not got them", async () => {
    const { op_id } = await shelf.append(said(), VERDICT);
    expect(await forgetAnswers(shelf, TOMORROW)).toBe(0);
    expect((await shelf.entry(op_id))?.op.payload.answers).toEqual({ well: "no" });
  });
});
