/* What is recorded now, 到着 or 帰り or another: the row of buttons [data-way]. */
import { CODES } from "./about";
import type { VisitKind } from "./protocol";

const KEY = "way-before-update";

export class WayChoice {
  private chosen: VisitKind;

  constructor(
    private readonly page: HTMLElement,
    private readonly kept: Storage,
  ) {
    for (const press of this.buttons()) press.addEventListener("click", () => this.choose(press.dataset["way"] as VisitKind));
    this.chosen = this.before() ?? "visit.arrive";
    this.choose(this.chosen);
  }

  get now(): VisitKind {
    return this.chosen;
  }

  choose(way: VisitKind): void {
    this.chosen = way;
    this.page.dataset["wayNow"] = way;
    for (const press of this.buttons()) press.setAttribute("aria-pressed", String(press.dataset["way"] === way));
  }

  /** For the page that comes next: at 16:00 nobody wants to find 到着 pressed. */
  keep(): void {
    this.kept.setItem(KEY, this.chosen);
  }

  /** What was recorded before this page changed over to a new release. Once. */
  private before(): VisitKind | undefined {
    const before = this.kept.getItem(KEY);
    this.kept.removeItem(KEY);
    return before !== null && before in CODES ? (before as VisitKind) : undefined;
  }

  private buttons(): NodeListOf<HTMLButtonElement> {
    return this.page.querySelectorAll("[data-way]");
  }
}
