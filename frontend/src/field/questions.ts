/* The questions of the day, where the operation asks any: on the panel of whoever arrives, and a list of who was not asked
   yet. Answering waits for nothing and nothing waits for it: the next card takes the panel. */
import { cardPrefix } from "./card";
import { button, element, part } from "./elements";
import { holdersOf } from "./holders";
import { ANSWERED, STOPPED, type Answer, type Answers, type Payload, type Question, type Snapshot, type Verdict } from "./protocol";
import { CALL_CHIEF, answerMask } from "./question_todo";
import type { Entry } from "./shelf";
import { say } from "./snapshot";

const ASKED_AFTER = new Set(["visit.arrive", "visit.orient", "visit.insure", "visit.consent", "visit.answer", "person.walk_in"]);
const MOST_LISTED = 200;

/** Somebody an answer is about: what the op names them by, and what the screen says. */
export interface Asked {
  readonly subject: Payload;
  readonly person: { readonly volunteer: number | null; readonly name: string; readonly kana: string };
  readonly guest?: string | undefined;
  /** The chief waits for them, or something is to be lent: nothing is asked here any more. */
  readonly stopped?: boolean;
}

/** What this tablet was told itself, by every name a person has here: id, guest, card. */
export class Told {
  private said = new Map<string, Answers>();

  reset(entries: readonly Entry[]): void {
    this.said = new Map();
    for (const entry of entries) this.note(entry);
  }

  /** Take an entry in; safe to repeat when its result has come. Entries come in the order they were told. */
  note({ op, result, verdict }: Entry): void {
    if (op.kind !== "visit.answer" || result?.tone === "stop") return;
    const { guest, card, answers, volunteer, all } = op.payload;
    const names = namesOf(result?.data.volunteer ?? volunteer ?? verdict.volunteer, guest ?? verdict.guest, card);
    const before = names.map((name) => this.said.get(name));
    const known = Object.assign({}, ...(all ? [answers, ...before] : [...before, answers])) as Answers;
    for (const name of names) this.said.set(name, known);
  }

  of(volunteer: number | null, guest?: string, card?: string): Answers {
    return Object.assign({}, ...namesOf(volunteer, guest, card).map((name) => this.said.get(name))) as Answers;
  }
}

function namesOf(volunteer: number | null | undefined, guest?: string, card?: string): string[] {
  const names: string[] = [];
  if (volunteer) names.push(`v${volunteer}`);
  if (guest !== undefined) names.push(`g${guest}`);
  if (card !== undefined) names.push(`c${cardPrefix(card) ?? card}`);
  return names;
}

/** What the operation asks; nothing from a server of an older release. */
export function questionsOf(snapshot: Snapshot | null): readonly Question[] {
  return snapshot?.operation.questions?.ask ?? [];
}

/** The verdict on these answers, as intake/questions/services.py. */
export function answerCode(questions: readonly Question[], said: Answers): string {
  const noes = questions.filter(({ code }) => said[code] === "no");
  if (noes.some(({ kind }) => kind === "health")) return "answered_talk";
  return noes.some(({ kind }) => kind === "gear") ? "answered_lend" : "ok_answered";
}

/** Wires the panel's block and the section [data-questions]. `tell` records a fact about somebody. */
export class QuestionDesk {
  private readonly told = new Told();
  private readonly section: HTMLElement;
  private open_: Asked | null = null;

  constructor(
    private readonly page: HTMLElement,
    private readonly snapshot: () => Snapshot | null,
    private readonly isHere: (volunteer: number) => boolean,
    private readonly tell: (payload: Payload, verdict: Verdict) => void,
    private readonly closed: () => void,
  ) {
    this.section = part(page, "questions");
    part(page, "questions-close").addEventListener("click", () => this.close());
  }

  get isOpen(): boolean {
    return !this.section.hidden;
  }

  reset(entries: readonly Entry[]): void {
    this.told.reset(entries);
    part(this.page, "questions-open").hidden = questionsOf(this.snapshot()).length === 0;
  }

  note(entry: Entry): void {
    this.told.note(entry);
    if (this.isOpen && entry.op.kind === "visit.answer") this.draw();
  }

  /** The block on the panel, when something is asked of this person here. Whoever is a typed name only is asked once it
      is known who that is: an answer stands nowhere but with a person, and a name may turn out to be nobody's. */
  onPanel(verdict: Verdict, entry: Entry, subject: Payload): HTMLElement | null {
    if (subject.name !== undefined) return null;
    if (!questionsOf(this.snapshot()).length || !ASKED_AFTER.has(entry.op.kind) || verdict.tone === "stop") return null;
    const { volunteer, name, kana, guest } = verdict;
    const asked = { subject, person: { volunteer, name, kana }, guest };
    const server = entry.result?.data.questions;
    // What was answered stands nowhere here any more: asking everything again would take the "no" back.
    const marks = server ? 0 : this.marksOf(volunteer);
    if (marks & STOPPED && entry.op.kind !== "visit.answer") {
      return verdict.todo.some(({ code }) => code === "answer_talk") ? null : element("p", "t-questions t-questions__done", CALL_CHIEF);
    }
    return this.block(asked, server ? (code) => !server.left.includes(code) : () => (marks & ANSWERED) !== 0, entry.op.kind === "visit.answer");
  }

  open(): void {
    this.open_ = null;
    this.section.hidden = false;
    this.draw();
    this.section.scrollIntoView({ block: "nearest" });
  }

  close(): void {
    this.section.hidden = true;
    this.closed();
  }

  /** What the snapshot says of this person's answers of today: ANSWERED, STOPPED. */
  private marksOf(volunteer: number | null): number {
    const snapshot = this.snapshot();
    if (!snapshot || volunteer === null) return 0;
    for (const [holder, , , flags] of holdersOf(snapshot).all()) if (holder === volunteer) return flags & answerMask(snapshot);
    return 0;
  }

  /** `known`: whether a question was answered elsewhere. With nothing left: one button to correct. */
  private block(asked: Asked, known: (code: string) => boolean, correct: boolean): HTMLElement | null {
    const questions = questionsOf(this.snapshot());
    const { subject, person, guest } = asked;
    const said = this.told.of(person.volunteer, guest, subject.card);
    // What was answered here keeps its row, marked: nothing may move under a finger while there is more to press.
    const shown = questions.filter(({ code }) => said[code] !== undefined || !known(code));
    const left = shown.filter(({ code }) => said[code] === undefined);
    if (!left.length && !correct && !Object.keys(said).length) return null;
    const box = element("div", "t-questions");
    const press = (answers: Answers, all?: true): void => this.press(asked, answers, all);
    const drawAll = (which: readonly Question[]): void => box.replaceChildren(...rows(which, said, press));
    if (left.length) drawAll(shown);
    else box.replaceChildren(element("p", "t-questions__done", "今日の質問：済み"), button("button", "答えを直す", () => drawAll(questions)));
    return box;
  }

  private press({ subject, person, guest }: Asked, answers: Answers, all?: true): void {
    const said = this.told.of(person.volunteer, guest, subject.card);
    const code = answerCode(questionsOf(this.snapshot()), { ...said, ...answers });
    const verdict = say(this.snapshot(), code, person);
    this.tell({ ...subject, answers, ...(all ? { all } : {}) }, guest === undefined ? verdict : { ...verdict, guest });
  }

  // ── who was not asked yet ───────────────────────────────────────────────────────────────────

  private draw(): void {
    const list = part(this.section, "questions-list");
    const waiting = this.waiting();
    part(this.section, "questions-say").textContent = waiting.length ? `${waiting.length}人` : "この端末で分かる人は、全員済んでいます。";
    list.replaceChildren(...waiting.slice(0, MOST_LISTED).map((asked) => this.row(asked)));
  }

  private row(asked: Asked): HTMLElement {
    const { name, kana, volunteer } = asked.person;
    const words = element("span", "t-found__name", element("span", "t-found__kana", kana), `${name} さん`);
    const row = element("li", "t-found__row", words);
    if (asked.stopped) row.append(element("span", "t-found__here", CALL_CHIEF));
    else if (this.open_?.person.volunteer === volunteer) row.append(this.block(asked, () => false, false) ?? "");
    else
      row.append(
        button("button button--primary t-found__choose", "聞く", () => {
          this.open_ = asked;
          this.draw();
        }),
      );
    return row;
  }

  /** People who are here, hold a card and have not answered everything, by reading. */
  private waiting(): Asked[] {
    const snapshot = this.snapshot();
    const questions = questionsOf(snapshot);
    const found = new Map<number, Asked>();
    const mask = snapshot ? answerMask(snapshot) : 0;
    for (const [volunteer, name, kana, flags] of snapshot ? holdersOf(snapshot).all() : []) {
      if (flags & mask & ANSWERED || !this.isHere(volunteer)) continue;
      const said = this.told.of(volunteer);
      if (questions.every(({ code }) => said[code] !== undefined)) continue;
      const stopped = (flags & mask & STOPPED) !== 0;
      found.set(volunteer, { subject: { volunteer, input: "list" }, person: { volunteer, name, kana }, stopped });
    }
    return [...found.values()].sort((a, b) => a.person.kana.localeCompare(b.person.kana, "ja"));
  }
}

function rows(questions: readonly Question[], said: Answers, press: (answers: Answers, all?: true) => void): HTMLElement[] {
  const made = questions.map(({ code, ask, yes, no }) =>
    element("div", "t-questions__row", element("p", "t-questions__ask", ask), answer(yes, said[code] === "yes", () => press({ [code]: "yes" })), answer(no, said[code] === "no", () => press({ [code]: "no" }))),
  );
  // Whether somebody came by car is no problem: it is told, not taken for granted.
  const fine = questions.filter(({ kind }) => kind !== "info");
  const left = questions.filter(({ code }) => said[code] === undefined);
  if (fine.length < 2 || !left.length) return made;
  const open = left.filter((each) => fine.includes(each));
  // A line as high as the button takes its place, so that the rows stay where they are.
  if (open.length < 2) return [element("p", "t-questions__all t-questions__rest", `あと${left.length}問です。`), ...made];
  const answers = Object.fromEntries(open.map(({ code }) => [code, "yes" as Answer]));
  return [button("button button--primary t-questions__all", "ぜんぶ問題なし", () => press(answers, true)), ...made];
}

function answer(label: string, pressed: boolean, press: () => void): HTMLButtonElement {
  const made = button("button t-questions__answer", label, press);
  made.setAttribute("aria-pressed", String(pressed));
  return made;
}
