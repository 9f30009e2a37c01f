/*
 * The reception's forms: somebody new, the search, a group, the questions of the day. One is open at a time and lies over
 * the panel, so it says itself what became of whatever is read meanwhile. On a locked tablet all are hidden (tablet.css).
 */
import { part } from "./elements";
import { GroupForm, type GroupWay } from "./group";
import type { Group, GroupPayload, Payload, Verdict, VisitKind, WalkIn } from "./protocol";
import { QuestionDesk } from "./questions";
import { Search, type Found } from "./search";
import { UNCHECKED, type Subject } from "./snapshot";
import type { Station } from "./station";
import type { Entry } from "./shelf";
import type { VerdictPanel } from "./verdict_panel";
import { WalkInForm } from "./walkin";

const BUSY = "書きかけの画面を閉じてから、もう一度読み取ってください。";

/** What is recorded from a form. */
export interface FormActs {
  readonly walkIn: (told: WalkIn) => void;
  readonly found: (person: Found, card: string | undefined, typed: Entry | undefined) => void;
  readonly group: (group: Group, told: GroupPayload, way: GroupWay) => void;
  readonly answers: (told: Payload, verdict: Verdict) => void;
}

type Form = WalkInForm | Search | GroupForm | QuestionDesk;

export class Forms {
  readonly walkIn: WalkInForm;
  readonly search: Search;
  readonly questions: QuestionDesk;
  private readonly group: GroupForm;

  constructor(
    page: HTMLElement,
    private readonly panel: VerdictPanel,
    station: Station,
    acts: FormActs,
  ) {
    const { presence } = station;
    const closed = (): void => void (panel.section.hidden = false);
    this.walkIn = new WalkInForm(page, acts.walkIn, closed);
    this.search = new Search(page, () => station.device, acts.found, closed);
    this.group = new GroupForm(page, presence, acts.group, closed);
    this.questions = new QuestionDesk(page, () => station.snapshot, (volunteer) => presence.has(volunteer), acts.answers, closed);
    // Once more on its own button: what is being written stays.
    part(page, "walkin-open").addEventListener("click", () => this.walkIn.isOpen || this.open(this.walkIn));
    part(page, "search-open").addEventListener("click", () => this.open(this.search));
    part(page, "questions-open").addEventListener("click", () => this.open(this.questions));
  }

  get isOpen(): boolean {
    return [...this.written, this.questions].some(({ isOpen }) => isOpen);
  }

  /** Open that form for a card, or for none yet; and for the name on the panel of which nobody is known. */
  open(form: WalkInForm | Search | QuestionDesk, card?: string): void {
    this.makeRoom(form);
    form.open(card, this.panel.unclear);
  }

  /** What was written down could not be kept: the form lies over the panel again, as it was, and says why. */
  backToWalkIn({ title, say }: Verdict): void {
    this.makeRoom(this.walkIn);
    this.walkIn.comeBack(`${title}。${say}`);
  }

  /** Tick off a group, unless that would close a form somebody is writing in: then that form says so. False then. */
  openGroup(group: Group, way: GroupWay, card: string | undefined): boolean {
    if (this.group.isAbout(group, way)) return true;
    const written = this.written.find(({ isOpen }) => isOpen);
    if (written) {
      written.say(BUSY, "warn");
      return false;
    }
    this.makeRoom(this.group);
    this.group.open(group, way, card);
    return true;
  }

  /** Whether an open form has taken what was read: a card that nobody may hold yet, or somebody who is with the group. */
  take(subject: Subject, kind: VisitKind, { code, tone, volunteer, name, kana }: Verdict): boolean {
    const form = [this.walkIn, this.search].find(({ isOpen }) => isOpen);
    if (form && "card" in subject && UNCHECKED.has(code)) {
      form.take(subject.card);
      return true;
    }
    if (!this.group.isOpen || this.group.way !== kind || volunteer === null || tone === "stop") return false;
    this.group.add([volunteer, name, kana]);
    return true;
  }

  /** Say beside the group what became of something else that was read: the panel is behind it. */
  sayBeside({ name, title, tone }: Verdict): void {
    if (this.group.isOpen) this.group.say(`${name ? `${name} さん：` : ""}${title}`, tone);
  }

  /** Nothing is lost when the list of questions gives way to the panel. */
  showPanel(): void {
    if (this.questions.isOpen) this.questions.close();
  }

  /** Forms in which somebody may have written something. */
  private get written(): readonly (WalkInForm | Search | GroupForm)[] {
    return [this.walkIn, this.search, this.group];
  }

  private makeRoom(form: Form): void {
    for (const other of [...this.written, this.questions]) {
      if (other === form || !other.isOpen) continue;
      if (other === this.walkIn) other.makeWay();
      else other.close();
    }
    this.panel.section.hidden = true;
  }
}
