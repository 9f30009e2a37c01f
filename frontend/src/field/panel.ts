/* The large answer to a scan: colour, icon, word, name, what to do next, and how far the record has come. */
import { displayShortCode } from "./card";
import { button, element, icon } from "./elements";
import type { Kind, Todo, Tone, Verdict } from "./protocol";
import type { Entry, State } from "./shelf";

const ICONS: Record<Tone, string> = { ok: "ok", warn: "warn", stop: "stop" };
// Full circle, half circle, tick: drawn, because fonts disagree about the size of ● ◐ ✓.
const STEPS: readonly (readonly [State, string])[] = [
  ["saved", "端末に保存"],
  ["sent", "送信済"],
  ["settled", "確定"],
];

const TODO_BUTTONS: Record<string, readonly [string, Kind]> = {
  orientation: ["説明を受けた", "visit.orient"],
  insurance: ["保険を確認した", "visit.insure"],
};

const OTHER_WAY: Record<string, readonly [string, Kind]> = {
  already_present: ["帰りとして記録", "visit.leave"],
  not_present: ["到着として記録", "visit.arrive"],
  oriented_before_arrival: ["到着として記録", "visit.arrive"],
};

/** What the panel shows: a verdict, and the entry it belongs to when something was recorded. */
export interface Shown {
  readonly verdict: Verdict;
  readonly entry: Entry | null;
}

/** The server's verdict where it has come, else the tablet's own. */
export function verdictOf(entry: Entry): Verdict {
  const { result, verdict } = entry;
  if (!result) return verdict;
  const { data } = result;
  return {
    code: result.code,
    tone: result.tone,
    title: result.title,
    say: result.text,
    name: data.name ?? verdict.name,
    kana: data.kana ?? verdict.kana,
    volunteer: data.volunteer ?? verdict.volunteer,
    // What keeps somebody from going out is no longer asked of a person who goes home.
    todo: entry.op.kind === "visit.leave" ? [] : (data.todo ?? []),
  };
}

/** Who an entry is about, as far as it is known: a name, else the card's number. */
export function nameOf(entry: Entry): string {
  const { name } = verdictOf(entry);
  if (name) return `${name} さん`;
  const code = entry.result?.data.short_code ?? entry.op.payload.short_code;
  return code ? `カード ${displayShortCode(code)}` : "名前は未確認";
}

/** Draw `shown`. `act` records another fact about the same person. */
export function drawPanel(panel: HTMLElement, { verdict, entry }: Shown, act: (kind: Kind) => void): void {
  panel.dataset["tone"] = verdict.tone;
  panel.dataset["code"] = verdict.code;
  panel.dataset["state"] = entry?.state ?? "none";
  panel.dataset["opId"] = entry?.op_id ?? "";
  const body = element("div", "t-verdict__body");
  body.dataset["verdictBody"] = "";
  const title = element("p", "t-verdict__title", icon(ICONS[verdict.tone]), element("span", "", verdict.title));
  body.append(title);
  if (verdict.name) {
    const name = element("p", "t-verdict__name", verdict.name, element("span", "t-verdict__san", "さん"));
    body.append(name);
    if (verdict.kana) name.before(element("p", "t-verdict__kana", verdict.kana));
  }
  body.append(element("p", "t-verdict__say", verdict.say));
  if (verdict.todo.length) body.append(todoList(verdict.todo, act));
  const other = OTHER_WAY[verdict.code];
  if (other && entry) body.append(button("button button--primary t-verdict__other", other[0], () => act(other[1])));
  if (entry) body.append(stepList(entry.state));
  panel.replaceChildren(body);
}

/** One sentence for a screen reader. */
export function spoken({ verdict }: Shown): string {
  const name = verdict.name ? `${verdict.name}さん。` : "";
  return `${verdict.title}。${name}${verdict.say}`;
}

/** ● 端末に保存 / ◐ 送信済 / ✓ 確定. */
export function stateMark(state: State): HTMLElement {
  const word = STEPS.find(([name]) => name === state)?.[1] ?? "";
  return element("span", "t-mark", icon(state), word);
}

function todoList(todo: readonly Todo[], act: (kind: Kind) => void): HTMLElement {
  const list = element("ul", "t-todo");
  for (const { code, text } of todo) {
    const row = element("li", "t-todo__row", element("p", "t-todo__text", text));
    const press = TODO_BUTTONS[code];
    if (press) row.append(button("button button--primary t-todo__button", press[0], () => act(press[1])));
    list.append(row);
  }
  return list;
}

function stepList(state: State): HTMLElement {
  const reached = STEPS.findIndex(([name]) => name === state);
  const list = element("ol", "t-steps");
  list.setAttribute("aria-label", "記録の状態");
  STEPS.forEach(([name], i) => {
    const step = element("li", i <= reached ? "t-steps__step t-steps__step--done" : "t-steps__step", stateMark(name));
    if (i === reached) step.setAttribute("aria-current", "step");
    list.append(step);
  });
  return list;
}
