import type { Snapshot } from "./protocol";
import type { Entry } from "./shelf";
import type { Presence } from "./snapshot";

/** Who is here: the snapshot's list, moved on by what this tablet recorded since that snapshot was made. */
export class PresenceList implements Presence {
  private here = new Set<number>();

  /** Start again from a snapshot and the tablet's own entries since, oldest first. */
  reset(snapshot: Snapshot | null, entries: readonly Entry[]): void {
    this.here = new Set(Object.keys(snapshot?.present ?? {}).map(Number));
    for (const entry of entries) this.note(entry);
  }

  note(entry: Entry): void {
    const volunteer = entry.result?.data.volunteer ?? entry.verdict.volunteer;
    const refused = entry.result !== null && entry.result.tone === "stop";
    if (volunteer === null || volunteer === undefined || refused) return;
    if (entry.op.kind === "visit.arrive") this.here.add(volunteer);
    if (entry.op.kind === "visit.leave") this.here.delete(volunteer);
  }

  has(volunteer: number): boolean {
    return this.here.has(volunteer);
  }
}
