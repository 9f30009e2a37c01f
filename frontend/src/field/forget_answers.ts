/* What people said to the questions of the day stays on this tablet until the day is over: until then a server that is
   restored may need it again. Afterwards only that they answered is left. */
import { localDay } from "./facts";
import type { ResultData, Todo } from "./protocol";
import type { Entry, Shelf } from "./shelf";

const PLAIN = { code: "ok_answered", tone: "ok", title: "答えを記録しました" } as const;

/** Empty the answers of the days before the local day of `now`. What the server has not got yet stays. */
export function forgetAnswers(shelf: Shelf, now: Date): Promise<number> {
  const midnight = new Date(`${localDay(now)}T00:00:00`).getTime();
  return shelf.rewriteSettled(midnight, emptied);
}

function emptied(entry: Entry): Entry | null {
  const { op, verdict, result } = entry;
  if (op.kind === "visit.answer") {
    if (!Object.keys(op.payload.answers ?? {}).length) return null;
    return {
      ...entry,
      op: { ...op, payload: { ...op.payload, answers: {} } },
      verdict: { ...verdict, ...PLAIN },
      result: result && { ...result, ...PLAIN, text: "", data: {} },
    };
  }
  // Whoever arrived after answering was told of the chief as well.
  if (!result?.data.questions && ![...verdict.todo, ...(result?.data.todo ?? [])].some(saysAnswer)) return null;
  return { ...entry, verdict: { ...verdict, todo: withoutAnswers(verdict.todo) }, result: result && { ...result, data: lessAnswers(result.data) } };
}

function lessAnswers({ questions: _, todo, ...data }: ResultData): ResultData {
  return todo ? { ...data, todo: withoutAnswers(todo) } : data;
}

function withoutAnswers(todo: readonly Todo[]): readonly Todo[] {
  return todo.filter((each) => !saysAnswer(each));
}

function saysAnswer({ code }: Todo): boolean {
  return code.startsWith("answer_");
}
