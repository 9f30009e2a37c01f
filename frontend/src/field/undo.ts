/* Taking back what was recorded a moment ago: from the panel and from the list. */
import type { Kind, Payload, Snapshot, Verdict } from "./protocol";
import type { Entry } from "./shelf";
import { say } from "./snapshot";

const UNDO_MS = 15 * 60_000;
const UNDOABLE = new Set<Kind>(["visit.arrive", "visit.leave", "visit.orient", "visit.insure", "card.bind", "person.walk_in", "group.arrive", "group.leave", "tool.lend", "tool.give_back"]);

const NOTHING_NEW = new Set(["already_present", "wrong_site", "ambiguous", "already_left", "not_present"]);

/** Whether 「取り消す」 is offered: something was changed, by this tablet, less than a quarter of an hour ago. */
export function canUndo({ op, result, verdict }: Entry, now: number): boolean {
  if (!UNDOABLE.has(op.kind) || now - Date.parse(op.t_wall) > UNDO_MS) return false;
  if (result) return result.tone !== "stop" && ["applied", "replayed"].includes(result.was ?? result.status);
  return verdict.tone !== "stop" && !NOTHING_NEW.has(verdict.code);
}

export function undoOf({ op }: Entry): Payload {
  return { op: op.op_id, of: op.kind };
}

export function undoVerdict(snapshot: Snapshot | null, { verdict, result, op }: Entry): Verdict {
  const { name, kana, what } = verdict;
  const volunteer = result?.data.volunteer ?? verdict.volunteer;
  const guest = verdict.guest ?? op.payload.guest;
  return { ...say(snapshot, "annulled", { volunteer, name, kana }), ...(what === undefined ? {} : { what }), ...(guest === undefined ? {} : { guest }) };
}

/** Ids of what these entries take back. */
export function undoneBy(entries: readonly Entry[]): Set<string> {
  const undone = new Set<string>();
  for (const { op, result } of entries) {
    if (op.kind === "visit.undo" && op.payload.op !== undefined && result?.tone !== "stop") undone.add(op.payload.op);
  }
  return undone;
}
