/* What this tablet recorded, on the reception's screen: how many wait to be sent, the last names, the list with what needs
   a person. Once nobody need look any more, a record is let go of. */
import { part } from "./elements";
import type { Kind, Snapshot } from "./protocol";
import { LISTED, drawRecent } from "./recent";
import type { Entry, Shelf } from "./shelf";
import { drawStrip } from "./strip";

const BINDING = new Set<Kind>(["card.bind", "person.walk_in"]);

export class QueueView {
  /** `undo` takes back what an entry of the list recorded. */
  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
    private readonly snapshot: () => Snapshot | null,
    private readonly undo: (entry: Entry) => void,
  ) {}

  async draw(): Promise<void> {
    const { page, shelf } = this;
    const [count, newest, toLookAt] = await Promise.all([shelf.queuedCount(), shelf.newest(LISTED), shelf.toLookAt()]);
    if (!page.isConnected) return; // the page was left meanwhile
    part(page, "unsent-count").textContent = String(count);
    part(page, "unsent").dataset["some"] = count ? "yes" : "no";
    drawStrip(part(page, "strip"), newest);
    drawRecent(
      { list: part(page, "recent"), empty: part(page, "recent-empty"), look: part(page, "look") },
      newest,
      toLookAt,
      this.decided,
      { dismiss: ({ op_id }) => void this.letGo((entry) => entry.op_id === op_id), undo: this.undo },
    );
  }

  /** Nobody need look any more at what waits and is like that. */
  async letGo(isDone: (entry: Entry) => boolean): Promise<void> {
    const done = (await this.shelf.toLookAt()).filter(isDone);
    for (const { op_id } of done) await this.shelf.dismiss(op_id);
    if (done.length) await this.draw();
  }

  /** Of cards that have a holder now: what waited for that. */
  async letGoOfCards(entries: readonly Entry[]): Promise<void> {
    const given = new Set(entries.filter(({ op, result }) => BINDING.has(op.kind) && result?.tone !== "stop").map(({ op }) => op.payload.card));
    given.delete(undefined);
    if (given.size) await this.letGo(({ op, result }) => (result?.was ?? result?.status) === "held" && given.has(op.payload.card));
  }

  /** What somebody at the desk has decided. */
  async letGoOfDecided(): Promise<void> {
    const { decided } = this;
    if (decided.size) await this.letGo(({ op_id }) => decided.has(op_id));
  }

  private get decided(): ReadonlySet<string> {
    return new Set(this.snapshot()?.settled);
  }
}
