/* Getting the snapshot and keeping it: whole at the start, afterwards what changed since the cursor (dvc/sync/download.py). */
import { holdersOf, keptNow, movedOn, saysSomething, wholeSnapshot } from "./holders";
import type { Changes, Device, KeptChanges, Snapshot, WholeAnswer } from "./protocol";
import type { Shelf } from "./shelf";

const TIMEOUT_MS = 20_000;
const WHOLE_TIMEOUT_MS = 60_000;
// Beyond this many kept changes the whole is fetched again, so that opening the page stays quick.
const MOST_CHANGES = 300;

/** What the shelf holds of an operation, with all changes taken in; null before the first download. */
export async function storedSnapshot(shelf: Shelf, operation: number): Promise<Snapshot | null> {
  const [stored, changes] = await Promise.all([shelf.snapshot(operation), shelf.changes(operation)]);
  if (!stored) return null;
  let snapshot = stored.content;
  for (const each of changes) {
    // Two tabs keep theirs side by side: only what begins where we stand moves us on, the rest is asked for again.
    if (each.since === snapshot.version) snapshot = movedOn(snapshot, each);
  }
  return snapshot;
}

export interface Where {
  readonly url: string;
  readonly operation: number;
  readonly device: Device;
  readonly fetch?: typeof fetch;
  /** Asked when an answer has come: whether it is still to be taken in, because no later question was answered before. */
  readonly take?: () => boolean;
}

/** Ask for what changed since `held`. Returns what is held afterwards; without a network that is `held`. */
export async function refreshSnapshot(
  shelf: Shelf,
  held: Snapshot | null,
  { url, operation, device, fetch: ask = fetch, take = () => true }: Where,
): Promise<{ snapshot: Snapshot | null; came: boolean }> {
  let snapshot = held;
  try {
    // After a whole, which may have been made for another tablet minutes ago, comes at once what changed since.
    for (let round = 0; round < 2; round += 1) {
      const tooMany = snapshot !== null && (await shelf.changesCount(operation)) >= MOST_CHANGES;
      const since = snapshot && !tooMany ? snapshot.version : "";
      const asked = Date.now();
      const answer = await get(ask, `${url}&since=${encodeURIComponent(since)}`, device, since ? TIMEOUT_MS : WHOLE_TIMEOUT_MS);
      if (answer === null || !take()) return { snapshot, came: false };
      if ("whole" in answer) {
        snapshot = wholeSnapshot(answer);
        holdersOf(snapshot);
        await shelf.keepSnapshot(operation, answer.cursor, snapshot);
        await shelf.forgetSnapshots(answer.head.purged ?? []);
        continue;
      }
      if (!snapshot) return { snapshot, came: false };
      const kept = snapshot.kept ?? snapshot.version;
      const changes = { ...answer, asked };
      // Also when it says nothing new: it says until when that is known. And something may be told under the same cursor.
      snapshot = movedOn(snapshot, changes, kept);
      return { snapshot: await keep(shelf, operation, snapshot, { ...changes, since: kept }), came: true };
    }
  } catch {
    // No network, half an answer: yesterday's snapshot is better than none, and its verdicts are only previews.
    return { snapshot, came: false };
  }
  return { snapshot, came: true };
}

/** Put what is new on the shelf. Where nothing changed nothing is written: the next change begins at what was kept last. */
async function keep(shelf: Shelf, operation: number, snapshot: Snapshot, changes: KeptChanges): Promise<Snapshot> {
  if (!saysSomething(changes)) return snapshot;
  await shelf.keepChanges(operation, changes);
  if (changes.head.purged) await shelf.forgetSnapshots(changes.head.purged);
  return keptNow(snapshot);
}

async function get(ask: typeof fetch, url: string, device: Device, timeout: number): Promise<Changes | WholeAnswer | null> {
  const response = await ask(url, {
    headers: { Authorization: `Device ${device.device_id}.${device.secret}` },
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(timeout),
  });
  if (response.status !== 200) return null;
  const answer = (await response.json()) as Changes | WholeAnswer;
  return typeof answer === "object" && answer !== null && typeof answer.cursor === "string" ? answer : null;
}
