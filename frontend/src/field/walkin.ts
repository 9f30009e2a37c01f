/* The short form for somebody without a registration: less than a minute, with or without a network. */
import { displayShortCode, shortCodeOf } from "./card";
import { part } from "./elements";
import type { Evidence, Snapshot, Verdict, WalkIn } from "./protocol";
import { guestTodo, say, welcomeCode } from "./snapshot";
import type { Entry } from "./shelf";
import { shortName } from "./text";
import { TypedFor } from "./typed_for";
import { uuid7 } from "./uuid7";

const UNFINISHED = "書きかけの続きです。別の人なら「やめる」を押して、もう一度「はじめての人」を押してください。";
const PHONE = /^\+?\d{10,13}$/;

/** The section [data-walkin]; `done` gets what was written down when the form is right. */
export class WalkInForm {
  private readonly section: HTMLElement;
  private readonly form: HTMLFormElement;
  private readonly typedFor: TypedFor;
  private card: string | undefined;
  /** Another form lies over it, and somebody has written in it. */
  private unfinished = false;

  constructor(page: HTMLElement, done: (told: WalkIn) => void, private readonly closed: () => void) {
    this.section = part(page, "walkin");
    this.form = part<HTMLFormElement>(page, "walkin-form");
    this.typedFor = new TypedFor(part(page, "walkin-typed"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const told = this.read();
      if (!told) return;
      this.close();
      done(told);
    });
    this.form.addEventListener("change", () => this.draw());
    this.form.addEventListener("input", () => (part(this.section, "walkin-say").textContent = ""));
    part(page, "walkin-close").addEventListener("click", () => {
      this.close();
    });
  }

  get isOpen(): boolean {
    return !this.section.hidden;
  }

  /** `typed`: the name this is about. Whoever is written down has come: a leaving by name is another record. What was being
      written when another form was opened comes first: it may be about somebody else, and only a person knows. */
  open(card?: string, typed?: Entry): void {
    if (this.unfinished) {
      this.card ??= card;
      this.draw();
      this.comeBack(UNFINISHED);
      return;
    }
    this.form.reset();
    this.typedFor.begin(typed?.op.kind === "visit.arrive" ? typed : undefined);
    this.card = card;
    part(this.section, "walkin-say").textContent = "";
    this.section.hidden = false;
    this.draw();
    this.form.querySelector<HTMLInputElement>("input")?.focus();
    this.section.scrollIntoView({ block: "nearest" });
  }

  /** A card nobody holds was read while the form is open. */
  take(card: string): void {
    this.card = card;
    this.draw();
  }

  /** Open again with all that was written in it: the tablet could not keep it. */
  comeBack(why: string): void {
    this.unfinished = false;
    this.section.hidden = false;
    this.say(why);
  }

  /** Why something that was read beside the form was not taken. */
  say(text: string): void {
    part(this.section, "walkin-say").textContent = text;
  }

  close(): void {
    this.unfinished = false;
    this.section.hidden = true;
    this.closed();
  }

  /** Another form is opened: what is written stays. */
  makeWay(): void {
    const written = this.isWritten;
    this.close();
    this.unfinished = written;
  }

  private get isWritten(): boolean {
    return [...this.form.querySelectorAll("input")].some((input) => input.checked !== input.defaultChecked || (input.value !== input.defaultValue));
  }

  private draw(): void {
    const code = this.card === undefined ? null : shortCodeOf(this.card);
    part(this.section, "walkin-card").textContent = code
      ? `カード ${displayShortCode(code)} を渡します`
      : "白いカードを読み取ると、この人のカードになります（あとでも渡せます）";
    part(this.section, "walkin-guardian").hidden = this.answer("age") !== "minor";
  }

  private answer(name: string): string {
    const value = new FormData(this.form).get(name);
    return typeof value === "string" ? value.normalize("NFC").trim() : "";
  }

  private read(): WalkIn | null {
    const wrong = part(this.section, "walkin-say");
    const missing = this.missing();
    wrong.textContent = missing ? missing[1] : "";
    if (missing) {
      this.form.querySelector<HTMLElement>(`[name="${missing[0]}"]`)?.focus();
      return null;
    }
    const insured = this.answer("insured");
    const minor = this.answer("age") === "minor";
    const typed = this.typedFor.now;
    return {
      guest: uuid7(),
      family_name: this.answer("family_name"),
      given_name: this.answer("given_name"),
      family_kana: this.answer("family_kana"),
      given_kana: this.answer("given_kana"),
      phone: this.answer("phone"),
      emergency_phone: this.answer("emergency_phone"),
      birth_date: this.answer("birth_date") || null,
      minor,
      guardian_consent: minor && this.answer("guardian_consent") !== "",
      experience: this.answer("experience") === "some" ? 2 : 0,
      insured: insured === "seen_card" || insured === "joined_here" ? (insured satisfies Evidence) : null,
      consent: this.answer("consent") !== "",
      proxy: this.answer("proxy") !== "",
      ...(this.card === undefined ? {} : { card: this.card }),
      ...(typed === undefined ? {} : { instead_of: typed.op_id }),
    };
  }

  /** The first field that is not right, and what to do about it. */
  private missing(): readonly [string, string] | null {
    if (!this.answer("family_name")) return ["family_name", "姓を入力してください。"];
    for (const name of ["phone", "emergency_phone"]) {
      const number = this.answer(name).normalize("NFKC").replace(/[-‐‑‒–—―−ー()\s]/g, "");
      if (number && !PHONE.test(number)) return [name, "電話番号のけた数が違います。市外局番から入力してください（例：090-0000-0012）。"];
    }
    if (!this.answer("age")) return ["age", "18歳以上かどうかを聞いて、選んでください。"];
    return null;
  }
}

/** What the screen says at once; the name whole, as it was typed. */
export function walkInVerdict(snapshot: Snapshot | null, told: WalkIn): { whole: Verdict; kept: Verdict } {
  const todo = guestTodo(snapshot, told);
  const name = `${told.family_name} ${told.given_name}`.trim();
  const kana = `${told.family_kana} ${told.given_kana}`.trim();
  const said = say(snapshot, welcomeCode(snapshot, false, todo), { volunteer: null, name, kana }, todo);
  const whole = { ...said, guest: told.guest };
  return { whole, kept: { ...whole, name: shortName(name), kana: shortName(kana) } };
}
