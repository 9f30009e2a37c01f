/*
 * The rooms of the shelf and how one release moves into what another left (test/fixtures/shelf-N.json: every version
 * there ever was; each must open with its queue whole). A version only ever adds: an older app then finds its way in a
 * newer shelf, and no upgrade has to touch an operation.
 */
import { openDB, type DBSchema, type IDBPDatabase, type OpenDBCallbacks } from "idb";
import type { Heard } from "./clock";
import type { Device, KeptChanges, Op, Result, Snapshot, Verdict } from "./protocol";

export const VERSION = 2;
const NEEDED = ["device", "meta", "ops"] as const;

export type State = "saved" | "sent" | "settled";

/**
 * One operation on the shelf. `queued` is 1 until a durable result came; `look` is 1 while a person has to look at its
 * refusal (IndexedDB cannot index booleans). Op ids are UUIDv7: their order is the order of recording.
 */
export interface Entry {
  readonly op_id: string;
  readonly seq: number;
  readonly op: Op;
  readonly state: State;
  readonly queued: 0 | 1;
  readonly verdict: Verdict;
  readonly result: Result | null;
  readonly look: 0 | 1;
  /** When its answer came (ms of this tablet's clock). */
  readonly answered?: number;
}

export interface StoredSnapshot {
  readonly operation: number;
  readonly etag: string;
  readonly content: Snapshot;
}

/** `backedUpSeq`: up to this number all of this device's operations lie in a backup outside of the server. `heard`: the
 * server's clock as it was last heard. */
export interface Meta {
  readonly lastSeq: number;
  readonly generation: string | null;
  readonly backedUpSeq: number;
  readonly heard?: Heard;
}

export interface Schema extends DBSchema {
  device: { key: "this"; value: Device };
  snapshot: { key: number; value: StoredSnapshot };
  meta: { key: "this"; value: Meta };
  ops: { key: string; value: Entry; indexes: { queue: [number, number]; seq: number; look: number } };
  /** Since version 2: what changed since the snapshot of an operation, in order; key [operation, number]. */
  changes: { key: [number, number]; value: KeptChanges };
}

export type Rooms = IDBPDatabase<Schema>;

/**
 * What may happen to an open shelf. `waiting`: another tab holds an older version open; opening goes on by itself when
 * that tab is closed. `newer`: a newer release has opened it; this page goes on, and should be loaded again. `closed`:
 * the browser closed it (its data was cleared, or the disk failed).
 */
export type ShelfNews = "waiting" | "newer" | "closed";

/** Open or make the shelf. Never deletes anything: what cannot be opened is an error and stays as it is. */
export async function openRooms(name: string, tell: (news: ShelfNews) => void): Promise<Rooms> {
  const callbacks: OpenDBCallbacks<Schema> = {
    blocked: () => tell("waiting"),
    blocking(_current, _blocked, event) {
      // A newer release in another tab wants to change the shelf: let go; the next access finds the newer one.
      (event.target as IDBDatabase).close();
      tell("newer");
    },
    terminated: () => tell("closed"),
  };
  try {
    return await openDB<Schema>(name, VERSION, { ...callbacks, upgrade: (db, from) => void build(db, from) });
  } catch (error) {
    if (!isNamed(error, "VersionError")) throw error;
    // An older app on a newer shelf (an update that was taken back): it only has rooms we do not know.
    const rooms = await openDB<Schema>(name, undefined, callbacks);
    if (NEEDED.every((room) => rooms.objectStoreNames.contains(room))) return rooms;
    rooms.close();
    throw error;
  }
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function build(db: Rooms, from: number): void {
  if (from < 1) {
    db.createObjectStore("device");
    db.createObjectStore("snapshot", { keyPath: "operation" });
    db.createObjectStore("meta");
    const ops = db.createObjectStore("ops", { keyPath: "op_id" });
    ops.createIndex("queue", ["queued", "seq"]);
    ops.createIndex("seq", "seq", { unique: true });
    ops.createIndex("look", "look");
  }
  if (from < 2) db.createObjectStore("changes");
}
