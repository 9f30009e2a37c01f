/* Where this tablet stands, in a center with several sites: chosen once, kept on the tablet. */
import { part } from "./elements";
import type { Kind, Payload, Snapshot } from "./protocol";

const TOLD_WITH = new Set<Kind>(["visit.arrive", "person.walk_in", "group.arrive"]);

export class SiteChoice {
  private readonly box: HTMLElement;
  private readonly choice: HTMLSelectElement;

  constructor(
    page: HTMLElement,
    private readonly kept: Storage,
    private readonly operation: number,
  ) {
    this.box = part(page, "site-box");
    this.choice = part<HTMLSelectElement>(page, "site");
    this.choice.addEventListener("change", () => {
      this.kept.setItem(this.key, this.choice.value);
      this.choice.blur();
    });
  }

  /** The chosen site; null where there is only one, or nobody has chosen. */
  get site(): number | null {
    return this.box.hidden ? null : Number(this.choice.value) || null;
  }

  /** Offer the sites of the snapshot. */
  offer(snapshot: Snapshot | null): void {
    const sites = snapshot?.sites ?? [];
    this.box.hidden = sites.length < 2;
    const before = this.kept.getItem(this.key) ?? "";
    const options = [["", "選んでください"] as const, ...sites.map(({ id, name }) => [String(id), name] as const)];
    this.choice.replaceChildren(...options.map(([value, name]) => new Option(name, value, false, value === before)));
  }

  /** The payload of an arrival, with the place where it happened. */
  told(kind: Kind, payload: Payload): Payload {
    const { site } = this;
    return site === null || !TOLD_WITH.has(kind) ? payload : { ...payload, site };
  }

  private get key(): string {
    return `site:${this.operation}`;
  }
}
