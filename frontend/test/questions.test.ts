/* The questions of the day: what the tablet makes of answers before the server has heard of them. */
import { describe, expect, it } from "vitest";
import { questionTodo } from "../src/field/question_todo";
import { answerCode, Told } from "../src/field/questions";
import { ANSWERED, STOPPED, type Answers, type Question, type Snapshot } from "../src/field/protocol";
import type { Entry } from "../src/field/shelf";

const question = (code: string, kind: Question["kind"]): Question => ({ code, kind, name: code, ask: code, yes: "はい", no: "いいえ" });
const ask = [question("well", "health"), question("boots", "gear"), question("car", "info")];
const asking = (stop: "never" | "no" | "unanswered", questions = ask) => ({ operation: { questions: { ask: questions, stop } } }) as unknown as Snapshot;

function told(payload: { volunteer?: number; guest?: string; card?: string }, answers: Answers, volunteer?: number): Entry {
  const result = volunteer === undefined ? null : { tone: "ok", data: { volunteer } };
  return { op: { kind: "visit.answer", payload: { ...payload, answers } }, verdict: { volunteer: null }, result } as unknown as Entry;
}

describe("the questions of the day", () => {
  it.each([
    [{}, "ok_answered"],
    [{ car: "no" }, "ok_answered"],
    [{ boots: "no", car: "no" }, "answered_lend"],
    [{ well: "no", boots: "no" }, "answered_talk"],
  ] as [Answers, string][])("judges %j as the server does", (said, code) => expect(answerCode(ask, said)).toBe(code));

  it("keeps a correction, and knows a person by card, guest and id", () => {
    const desk = new Told();
    desk.note(told({ card: "VC1X" }, { well: "no" }));
    desk.note(told({ card: "VC1X" }, { boots: "yes" }, 7));
    expect(desk.of(7)).toEqual({ well: "no", boots: "yes" });
    desk.note(told({ volunteer: 7 }, { well: "yes" }));
    expect(desk.of(7)).toEqual({ well: "yes", boots: "yes" });
    expect(desk.of(8)).toEqual({});
  });

  it("forgets a fact the server refused", () => {
    const desk = new Told();
    desk.note({ ...told({ volunteer: 7 }, { well: "no" }), result: { tone: "stop", data: {} } } as unknown as Entry);
    expect(desk.of(7)).toEqual({});
  });

  it("keeps people from going out only as far as the operation wants it", () => {
    const codes = (snapshot: Snapshot, flags: number) => questionTodo(snapshot, flags).map(({ code }) => code);
    expect(codes(asking("never"), STOPPED)).toEqual([]);
    expect(codes(asking("no"), 0)).toEqual([]);
    expect(codes(asking("no"), ANSWERED | STOPPED)).toEqual(["answer_talk"]);
    expect(codes(asking("unanswered"), 0)).toEqual(["questions"]);
    expect(codes(asking("unanswered"), ANSWERED)).toEqual([]);
    expect(codes(asking("unanswered", []), STOPPED)).toEqual([]);
    expect(codes({ operation: {} } as Snapshot, 0)).toEqual([]);
  });
});
