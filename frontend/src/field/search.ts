/* Finding somebody who has no card at hand: on-line only, and nothing of it is kept on the tablet. */
import { displayShortCode, shortCodeOf } from "./card";
import { button, element, part } from "./elements";
import type { Device } from "./protocol";
import type { Entry } from "./shelf";
import { TypedFor } from "./typed_for";

const TIMEOUT_MS = 10_000;
const OFFLINE = "つながっていないので、名簿を探せません。「はじめての人」で受付してください。あとで同じ人にまとめられます。";

export interface Found {
  readonly volunteer: number;
  readonly name: string;
  readonly kana: string;
  readonly has_card: boolean;
  readonly here: boolean;
}

/** The section [data-search]; `chosen` gets the person, the card that was read meanwhile and the name it is about, if any. */
export class Search {
  private readonly section: HTMLElement;
  private readonly form: HTMLFormElement;
  private readonly typedFor: TypedFor;
  private card: string | undefined;
  private people: readonly Found[] = [];

  constructor(
    private readonly page: HTMLElement,
    private readonly device: () => Device | null,
    private readonly chosen: (person: Found, card: string | undefined, typed: Entry | undefined) => void,
    private readonly closed: () => void,
  ) {
    this.section = part(page, "search");
    this.form = part<HTMLFormElement>(page, "search-form");
    this.typedFor = new TypedFor(part(page, "search-typed"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.ask();
    });
    part(page, "search-close").addEventListener("click", () => this.close());
  }

  get isOpen(): boolean {
    return !this.section.hidden;
  }

  open(card?: string, typed?: Entry): void {
    this.form.reset();
    this.typedFor.begin(typed);
    this.people = [];
    this.card = card;
    this.section.hidden = false;
    this.say("");
    this.draw();
    this.form.querySelector<HTMLInputElement>("input")?.focus();
    this.section.scrollIntoView({ block: "nearest" });
  }

  close(): void {
    this.section.hidden = true;
    this.closed();
  }

  take(card: string): void {
    this.card = card;
    this.draw();
  }

  private async ask(): Promise<void> {
    const device = this.device();
    const text = String(new FormData(this.form).get("q") ?? "").trim();
    if (!device || !text) return;
    this.say("探しています…");
    const found = await fetchPeople(this.page.dataset["peopleUrl"] ?? "", text, device);
    this.people = typeof found === "string" ? [] : found;
    if (typeof found === "string") this.say(found);
    else this.say(found.length ? "" : "見つかりません。ふりがなの一部か、電話番号の下4けたで探してください。");
    this.draw();
  }

  /** How the search goes, or why something that was read beside it was not taken. */
  say(text: string): void {
    part(this.section, "search-say").textContent = text;
  }

  private draw(): void {
    const code = this.card === undefined ? null : shortCodeOf(this.card);
    part(this.section, "search-card").textContent = code ? `カード ${displayShortCode(code)} を渡します` : "";
    part(this.section, "search-list").replaceChildren(...this.people.map((person) => this.row(person)));
  }

  private row(person: Found): HTMLElement {
    const name = element("span", "t-found__name", element("span", "t-found__kana", person.kana), `${person.name} さん`);
    const label = this.card === undefined ? "この人を受付" : person.has_card ? "新しいカードに替えて受付" : "この人に渡して受付";
    const row = element("li", "t-found__row", name);
    if (person.here) row.append(element("span", "t-found__here", "受付済み"));
    row.append(
      button("button button--primary t-found__choose", label, () => {
        this.close();
        this.chosen(person, this.card, this.typedFor.now);
      }),
    );
    return row;
  }
}

async function fetchPeople(url: string, text: string, device: Device): Promise<readonly Found[] | string> {
  try {
    const response = await fetch(`${url}&q=${encodeURIComponent(text)}`, {
      headers: { Authorization: `Device ${device.device_id}.${device.secret}` },
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await response.json()) as { people?: Found[]; text?: string };
    return body.people ?? body.text ?? OFFLINE;
  } catch {
    return OFFLINE;
  }
}
