/* Whom the questions of the day keep from going out, from a snapshot alone. As intake/questions/services.py: blocks. */
import { ANSWERED, STOPPED, type Snapshot, type Todo } from "./protocol";

export const CALL_CHIEF = "今日の質問で、確かめることがあります。班長を呼んでください。";

/** What a snapshot's flags say of somebody who may not go out because of the questions. */
export function questionTodo(snapshot: Snapshot, flags: number): Todo[] {
  const asked = snapshot.operation.questions;
  if (!asked?.ask.length || asked.stop === "never") return [];
  const list: Todo[] = [];
  if (flags & STOPPED) list.push({ code: "answer_talk", text: CALL_CHIEF });
  if (!(flags & ANSWERED) && asked.stop === "unanswered") list.push({ code: "questions", text: "今日の質問がまだです。" });
  return list;
}
