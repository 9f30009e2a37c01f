/* The last scans: time, who, what it came to. A refusal stays until somebody says that they have seen it. */
import { button, clockTime, element, icon } from "./elements";
import { entryMark, nameOf, verdictOf } from "./panel";
import type { Kind } from "./protocol";
import type { Entry } from "./shelf";
import { canUndo, undoneBy } from "./undo";

export const LISTED = 20;

const KINDS: Record<Kind, string> = {
  "visit.arrive": "到着",
  "visit.leave": "帰り",
  "visit.orient": "説明",
  "visit.insure": "保険",
  "visit.consent": "同意",
  "visit.answer": "質問",
  "visit.undo": "取り消し",
  "card.bind": "カード",
  "person.walk_in": "はじめての人",
  "scan.failed": "読み取り",
  "group.arrive": "団体の到着",
  "group.leave": "団体の帰り",
  "survey.done": "現地調査",
  "survey.absent": "調査で不在",
  "tool.lend": "貸出",
  "tool.give_back": "返却",
};

export function drawRecent(
  { list, empty, look }: { list: HTMLElement; empty: HTMLElement; look: HTMLElement },
  newest: readonly Entry[],
  toLookAt: readonly Entry[],
  settled: ReadonlySet<string>,
  { dismiss, undo }: { dismiss: (entry: Entry) => void; undo: (entry: Entry) => void },
): void {
  const undone = undoneBy(newest);
  const listed = new Set(newest.map((entry) => entry.op_id));
  const shown = [...newest, ...toLookAt.filter((entry) => !listed.has(entry.op_id)).reverse()];
  const waiting = toLookAt.length;
  empty.hidden = shown.length > 0;
  look.hidden = waiting === 0;
  look.textContent = waiting ? `確認が必要な記録が${waiting}件あります。下の記録を見て、班長に知らせてください。` : "";
  list.replaceChildren(...shown.map((entry) => row(entry, became(entry, undone, settled), { dismiss, undo })));
}

/** What became of the record afterwards, in words. */
function became({ op_id }: Entry, undone: ReadonlySet<string>, settled: ReadonlySet<string>): string | null {
  if (undone.has(op_id)) return "取り消し済み";
  return settled.has(op_id) ? "確かめ済み" : null;
}

function row(
  entry: Entry,
  after: string | null,
  { dismiss, undo }: { dismiss: (entry: Entry) => void; undo: (entry: Entry) => void },
): HTMLElement {
  const verdict = verdictOf(entry);
  const time = element("time", "t-row__time", clockTime(new Date(entry.op.t_wall)));
  time.setAttribute("datetime", entry.op.t_wall);
  const said = element("span", "t-row__said", icon(verdict.tone), `${KINDS[entry.op.kind]}：${after ?? verdict.title}`);
  const made = element(
    "li",
    `t-row t-row--${verdict.tone}`,
    time,
    element("span", "t-row__name", nameOf(entry)),
    said,
    element("span", "t-row__state", entryMark(entry)),
  );
  made.dataset["opId"] = entry.op_id;
  made.dataset["state"] = entry.state;
  if (after === null && canUndo(entry, Date.now())) made.append(button("button t-row__undo", "取り消す", () => undo(entry)));
  if (entry.look) {
    made.append(
      element("p", "t-row__why", entry.result?.text ?? ""),
      button("button t-row__seen", "確認した", () => dismiss(entry)),
    );
  }
  return made;
}
