/* Whom the questions of the day keep from going out, from a snapshot alone. As intake/questions/services.py: blocks. */
import { localDay } from "./facts";
import { ANSWERED, STOPPED, type Snapshot, type Todo } from "./protocol";

export const CALL_CHIEF = "今日の質問で、確かめることがあります。班長を呼んでください。";

/** Which of its holders' flags tell of today's answers: those of a tablet that was off-line overnight are yesterday's. */
export function answerMask({ today }: Snapshot): number {
  return today && today.day !== localDay(new Date()) ? 0 : ANSWERED | STOPPED;
}

/** What a snapshot's flags say of somebody who may not go out because of the questions. */
export function questionTodo(snapshot: Snapshot, flags: number): Todo[] {
  const asked = snapshot.operation.questions;
  if (!asked?.ask.length || asked.stop === "never") return [];
  const list: Todo[] = [];
  const marks = flags & answerMask(snapshot);
  if (marks & STOPPED) list.push({ code: "answer_talk", text: CALL_CHIEF });
  if (!(marks & ANSWERED) && asked.stop === "unanswered") list.push({ code: "questions", text: "今日の質問がまだです。" });
  return list;
}
