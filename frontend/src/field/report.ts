/* What the tablet says of itself, once a minute while there is a network: an empty batch with a report. */
import { hasCamera } from "./capabilities";
import { isoWithOffset } from "./clock";
import type { Shelf } from "./shelf";

const EVERY_MS = 65_000; // the server keeps one a minute
const FIRST_MS = 5_000;
const TIMEOUT_MS = 20_000;

interface Reporter {
  readonly shelf: Shelf;
  readonly url: string;
  readonly app: string;
  /** What else lies on this tablet alone: photos on their way, sheets being written. */
  readonly left?: () => Promise<{ readonly photos: number; readonly drafts: number }>;
}

/** Report soon and then every minute. Failing is no news: the fleet page shows how long nothing was heard. */
export function startReporting(reporter: Reporter, operator: () => number | null = () => null): void {
  const again = (): void => {
    void report(reporter, operator()).finally(() => setTimeout(again, EVERY_MS * (0.9 + 0.2 * Math.random())));
  };
  setTimeout(again, FIRST_MS);
}

async function report({ shelf, url, app, left }: Reporter, operator: number | null): Promise<void> {
  const device = await shelf.device();
  if (!device) return;
  const said = { ...(await describe(shelf, operator)), ...(await left?.()) };
  await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Device ${device.device_id}.${device.secret}` },
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body: JSON.stringify({ epoch: device.epoch, sent_wall: isoWithOffset(new Date()), app, report: said, ops: [] }),
  }).catch(() => undefined);
}

async function describe(shelf: Shelf, operator: number | null): Promise<object> {
  const manager = navigator.storage as StorageManager | undefined;
  const [unsent, oldest, kept, room, camera] = await Promise.all([
    shelf.queuedCount(),
    shelf.queuedAfter(-Infinity, 1),
    manager?.persisted?.(),
    manager?.estimate?.(),
    hasCamera(),
  ]);
  return {
    unsent,
    oldest_unsent: oldest[0]?.op.t_wall ?? null,
    storage: kept ? "persisted" : "best_effort",
    quota: room?.quota ?? null,
    used: room?.usage ?? null,
    secure: window.isSecureContext,
    camera,
    operator,
  };
}
