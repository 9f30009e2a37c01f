import type { Snapshot } from "./protocol";
import type { Entry } from "./shelf";
import type { Presence } from "./snapshot";

// An arrival with one of these codes was no new one.
const KNOWN_BEFORE = new Set(["already_present", "already_left", "wrong_site"]);

/** Who is here, and how many came today: the snapshot's list, moved on by what this tablet recorded since. */
export class PresenceList implements Presence {
  private here = new Set<number>();
  private gone = new Set<number>();
  private arrivals = new Set<string>();
  private before = 0;

  /** Start again from a snapshot and the tablet's own entries since, oldest first. `day`: YYYY-MM-DD. */
  reset(snapshot: Snapshot | null, entries: readonly Entry[], day = ""): void {
    this.here = new Set(Object.keys(snapshot?.present ?? {}).map(Number));
    const today = snapshot?.today?.day === day ? snapshot.today : undefined;
    this.gone = new Set(today?.left);
    this.before = today?.arrived ?? 0;
    this.arrivals = new Set();
    for (const entry of entries) this.note(entry);
  }

  /** Take an entry in; safe to repeat when its result has come. */
  note(entry: Entry): void {
    const { op, result } = entry;
    const code = result?.code ?? entry.verdict.code;
    const refused = (result?.tone ?? entry.verdict.tone) === "stop";
    if (op.kind === "visit.arrive") {
      if (refused || KNOWN_BEFORE.has(code)) this.arrivals.delete(op.op_id);
      else this.arrivals.add(op.op_id);
    }
    const volunteer = result?.data.volunteer ?? entry.verdict.volunteer;
    if (volunteer === null || volunteer === undefined || refused) return;
    if (op.kind === "visit.arrive") {
      this.here.add(volunteer);
      this.gone.delete(volunteer);
    }
    if (op.kind === "visit.leave" && this.here.delete(volunteer)) this.gone.add(volunteer);
  }

  has(volunteer: number): boolean {
    return this.here.has(volunteer);
  }

  /** Came today and went home again. */
  wentHome(volunteer: number): boolean {
    return this.gone.has(volunteer);
  }

  /** Arrivals of today, as far as this tablet knows. */
  get arrived(): number {
    return this.before + this.arrivals.size;
  }
}
