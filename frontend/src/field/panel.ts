/* The large answer to a scan: colour, icon, word, name, what to do next, and how far the record has come. */
import { displayShortCode } from "./card";
import { button, element, icon } from "./elements";
import type { Alike, Person, Todo, Tone, Verdict, VisitKind } from "./protocol";
import type { Entry, State } from "./shelf";
import { UNCHECKED } from "./snapshot";
import { canUndo } from "./undo";

const ICONS: Record<Tone, string> = { ok: "ok", warn: "warn", stop: "stop" };
// Full circle, half circle, tick: drawn, because fonts disagree about the size of ● ◐ ✓.
const STEPS: readonly (readonly [State, string])[] = [
  ["saved", "端末に保存"],
  ["sent", "送信中"],
  ["settled", "確定"],
];

const SENT = "送信済";

// What these say is kept, and counts only once somebody has said whose it is. Nothing that stops is recorded at all.
const NOT_YET = new Set(["unbound_card", "card_in_doubt", "ambiguous"]);

const TODO_BUTTONS: Record<string, readonly [string, VisitKind]> = {
  orientation: ["説明を受けた", "visit.orient"],
  insurance: ["保険を確認した", "visit.insure"],
  consent: ["同意した", "visit.consent"],
};

const OTHER_WAY: Record<string, readonly [string, VisitKind]> = {
  already_present: ["帰りとして記録", "visit.leave"],
  wrong_site: ["帰りとして記録", "visit.leave"],
  not_present: ["到着として記録", "visit.arrive"],
  oriented_before_arrival: ["到着として記録", "visit.arrive"],
  insured_before_arrival: ["到着として記録", "visit.arrive"],
};

// A card that nobody holds, as far as is known: the person before the desk may have it.
const MAY_BE_BLANK = new Set(["unbound_card", ...UNCHECKED]);
const SAME: Record<string, string> = { phone: "電話番号が同じ", name: "名前が同じ" };

/** What the buttons of the panel do. */
export interface PanelActs {
  /** Another fact about the person of that entry. */
  readonly act: (kind: VisitKind, entry: Entry, verdict: Verdict) => void;
  readonly undo: (entry: Entry) => void;
  readonly walkIn: (card: string) => void;
  readonly give: (card: string) => void;
  readonly same: (entry: Entry, person: Alike) => void;
  /** Whom the typed name of that entry meant. */
  readonly pick: (entry: Entry, person: Person) => void;
  /** The button for the group of the person on the panel, when there is one. */
  readonly group: (verdict: Verdict, entry: Entry) => HTMLElement | null;
  /** The questions of the day for the person on the panel, when the operation asks any. */
  readonly questions: (verdict: Verdict, entry: Entry) => HTMLElement | null;
}

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
    ...(verdict.what === undefined ? {} : { what: verdict.what }),
    ...(verdict.guest === undefined ? {} : { guest: verdict.guest }),
    ...(verdict.candidates === undefined ? {} : { candidates: verdict.candidates }),
    // What keeps somebody from going out is no longer asked of a person who goes home.
    todo: entry.op.kind === "visit.leave" ? [] : (data.todo ?? []),
  };
}

/** Whether it counts: "✓ 確定" beside a card that nobody could read would be taken for an arrival. */
export function isRecorded(entry: Entry): boolean {
  const { code, tone } = verdictOf(entry);
  return entry.op.kind !== "scan.failed" && tone !== "stop" && !NOT_YET.has(code);
}

/** Who an entry is about, as far as it is known: a name, else the card's number. */
export function nameOf(entry: Entry): string {
  const { name, what } = verdictOf(entry);
  if (what) return what;
  if (name) return `${name} さん`;
  if (entry.op.payload.name !== undefined) return `「${entry.op.payload.name}」`;
  const code = entry.result?.data.short_code ?? entry.op.payload.short_code;
  if (entry.op.kind === "group.arrive" || entry.op.kind === "group.leave") return "団体";
  if (entry.op.payload.code === "ambiguous") return `「${entry.op.payload.raw ?? ""}」`;
  if (entry.op.kind === "scan.failed") return "読めないカード";
  return code ? `カード ${displayShortCode(code)}` : "名前は未確認";
}

/** Draw `shown`. */
export function drawPanel(panel: HTMLElement, { verdict, entry }: Shown, acts: PanelActs): void {
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
  if (verdict.what) body.append(element("p", "t-verdict__name", verdict.what));
  body.append(element("p", "t-verdict__say", verdict.say));
  const questions = entry && acts.questions(verdict, entry);
  // The block with the questions says itself that they are still to be asked.
  const todo = questions ? verdict.todo.filter(({ code }) => code !== "questions") : verdict.todo;
  if (questions) body.append(questions);
  const act = (kind: VisitKind): void => void (entry && acts.act(kind, entry, verdict));
  if (todo.length) body.append(todoList(todo, act));
  const other = OTHER_WAY[verdict.code];
  if (other && entry) body.append(button("button button--primary t-verdict__other", other[0], () => act(other[1])));
  if (entry) body.append(...offers(verdict, entry, acts), foot(entry, acts));
  panel.replaceChildren(body);
}

/** One sentence for a screen reader. */
export function spoken({ verdict }: Shown): string {
  const name = verdict.name ? `${verdict.name}さん。` : verdict.what ? `${verdict.what}。` : "";
  return `${verdict.title}。${name}${verdict.say}`;
}

/** How far the record has come, where there is one. */
export function entryMark(entry: Entry): HTMLElement {
  return isRecorded(entry) ? stateMark(entry.state) : element("span", "t-mark", "記録なし");
}

/** ● 端末に保存 / ◐ 送信中 (no answer yet: it may not have arrived) / ✓ 確定. */
export function stateMark(state: State): HTMLElement {
  const word = STEPS.find(([name]) => name === state)?.[1] ?? "";
  return element("span", "t-mark", icon(state), word);
}

/** What else can be done with this card or this person. */
function offers(verdict: Verdict, entry: Entry, acts: PanelActs): HTMLElement[] {
  const { card } = entry.op.payload;
  const made: HTMLElement[] = [];
  if (entry.op.kind === "visit.arrive" && card !== undefined && MAY_BE_BLANK.has(verdict.code)) {
    made.push(
      element(
        "div",
        "t-offers",
        button("button button--primary t-offers__button", "このカードで受付（はじめての人）", () => acts.walkIn(card)),
        button("button t-offers__button", "登録のある人に渡す", () => acts.give(card)),
      ),
    );
  }
  const group = acts.group(verdict, entry);
  if (group) made.push(element("div", "t-offers", group));
  for (const person of verdict.code === "ambiguous" ? (entry.result?.data.candidates ?? verdict.candidates ?? []) : []) {
    const row = element("p", "t-alike", `${person.name} さん（${person.kana}）`);
    row.append(button("button t-offers__button", "この人です", () => acts.pick(entry, person)));
    made.push(row);
  }
  for (const { name, title } of entry.result?.data.exceptions ?? []) {
    made.push(element("p", "t-alike", `${name} さん：${title}`));
  }
  for (const person of entry.result?.data.alike ?? []) {
    const why = person.same.map((each) => SAME[each] ?? "").join("・");
    const row = element("p", "t-alike", `${person.name} さん（${person.kana}）が、もう登録されています。${why}`);
    row.append(button("button t-offers__button", "この人です", () => acts.same(entry, person)));
    made.push(row);
  }
  return made;
}

function foot(entry: Entry, acts: PanelActs): HTMLElement {
  const row = element("div", "t-verdict__foot", isRecorded(entry) ? stepList(entry.state) : element("p", "t-none", "まだ記録していません"));
  if (canUndo(entry, Date.now())) row.append(button("button t-verdict__undo", "取り消す", () => acts.undo(entry)));
  return row;
}

function todoList(todo: readonly Todo[], act: (kind: VisitKind) => void): HTMLElement {
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
    const mark = name === "sent" && i !== reached ? element("span", "t-mark", icon(name), SENT) : stateMark(name);
    const step = element("li", i <= reached ? "t-steps__step t-steps__step--done" : "t-steps__step", mark);
    if (i === reached) step.setAttribute("aria-current", "step");
    list.append(step);
  });
  return list;
}
