/* Whose turn the panel is: what came of the newest thing somebody did. What began before it and comes later stays away. */
import { part } from "./elements";
import { isUnclear } from "./names";
import { drawPanel, spoken, type PanelActs, type Shown } from "./panel";
import type { Verdict } from "./protocol";
import type { Entry, Shelf } from "./shelf";

export class VerdictPanel {
  readonly section: HTMLElement;
  private readonly live: HTMLElement;
  private shown: Shown | null = null;
  private turn = 0;

  constructor(
    page: HTMLElement,
    private readonly acts: PanelActs,
  ) {
    this.section = part(page, "verdict");
    this.live = part(page, "live");
  }

  /** The turn of what begins now. */
  next(): number {
    this.turn += 1;
    return this.turn;
  }

  /** Show it, unless the turn it began in is over. */
  show(shown: Shown, turn = this.turn): void {
    if (turn < this.turn) return;
    this.shown = shown;
    drawPanel(this.section, shown, this.acts);
    this.live.textContent = spoken(shown);
  }

  /** The record of a typed name that is shown while nobody has said whose it is. */
  get unclear(): Entry | undefined {
    const entry = this.shown?.entry;
    return entry && isUnclear(entry) ? entry : undefined;
  }

  /** What is said of that entry now, when it is the one that is shown. */
  saysOf({ op_id }: Entry): Verdict | undefined {
    return this.shown?.entry?.op_id === op_id ? this.shown.verdict : undefined;
  }

  /** Draw how far the record has come meanwhile. Its answer comes by itself. */
  async follow(shelf: Shelf): Promise<void> {
    const before = this.shown?.entry;
    const entry = before && (await shelf.entry(before.op_id));
    const { shown } = this;
    if (!shown || !entry || shown.entry?.op_id !== entry.op_id || entry.result) return;
    if (entry.state !== shown.entry.state) this.show({ verdict: shown.verdict, entry });
  }
}
