/*
 * What the tablet keeps: who it is, its snapshot, and every operation it recorded (IndexedDB).
 * An operation is written with durability "strict" and is safe only when its transaction has completed:
 * with the default, a power cut takes back what the screen already called saved.
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from "idb";
import type { Device, Fact, Op, Result, Snapshot, Verdict } from "./protocol";
import { shortName } from "./text";

export type State = "saved" | "sent" | "settled";

/** One operation on the shelf. `queued` is 1 until a durable result came (IndexedDB cannot index booleans). */
export interface Entry {
  readonly op_id: string;
  readonly seq: number;
  readonly op: Op;
  readonly state: State;
  readonly queued: 0 | 1;
  readonly verdict: Verdict;
  readonly result: Result | null;
  readonly dismissed: boolean;
}

interface StoredSnapshot {
  readonly operation: number;
  readonly etag: string;
  readonly content: Snapshot;
}

interface Meta {
  readonly lastSeq: number;
  readonly generation: string | null;
  readonly backedUpSeq: number;
}

interface Schema extends DBSchema {
  device: { key: "this"; value: Device };
  snapshot: { key: number; value: StoredSnapshot };
  meta: { key: "this"; value: Meta };
  ops: { key: string; value: Entry; indexes: { queue: [number, number]; seq: number } };
}

const FIRST: Meta = { lastSeq: 0, generation: null, backedUpSeq: 0 };
const STRICT = { durability: "strict" } as const;
type Rows = IDBPTransaction<Schema, ("meta" | "ops")[], "readwrite">;

export class Shelf {
  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  static async open(name = "dvc-reception"): Promise<Shelf> {
    const db = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("device");
        fresh.createObjectStore("snapshot", { keyPath: "operation" });
        fresh.createObjectStore("meta");
        const ops = fresh.createObjectStore("ops", { keyPath: "op_id" });
        ops.createIndex("queue", ["queued", "seq"]);
        ops.createIndex("seq", "seq", { unique: true });
      },
      blocking(_current, _blocked, event) {
        // A newer release in another tab wants to change the shelf: let go, this page asks again when it is loaded.
        (event.target as IDBDatabase).close();
      },
    });
    return new Shelf(db);
  }

  close(): void {
    this.db.close();
  }

  device(): Promise<Device | undefined> {
    return this.db.get("device", "this");
  }

  /**
   * This browser is a device (again). What was not settled under an older registration is numbered anew, in order,
   * and goes out under the new one; its op ids stay, so that the server still knows what it has seen.
   */
  async register(device: Device): Promise<void> {
    const tx = this.db.transaction(["device", "meta", "ops"], "readwrite", STRICT);
    const ops = tx.objectStore("ops");
    const all = await ops.index("seq").getAll();
    let seq = 0;
    for (const entry of all) await ops.delete(entry.op_id);
    for (const entry of [...all].sort((a, b) => b.queued - a.queued || a.seq - b.seq)) {
      seq += 1;
      // Settled ones lie behind the queue with numbers below zero: the list shows them, nothing sends them.
      const number = entry.queued ? seq : -seq;
      await ops.put({ ...entry, seq: number, op: { ...entry.op, seq: number } });
    }
    const queued = all.filter((entry) => entry.queued).length;
    await tx.objectStore("meta").put({ ...FIRST, lastSeq: queued }, "this");
    await tx.objectStore("device").put(device, "this");
    await tx.done;
  }

  async snapshot(operation: number): Promise<StoredSnapshot | undefined> {
    return this.db.get("snapshot", operation);
  }

  async keepSnapshot(operation: number, etag: string, content: Snapshot): Promise<void> {
    await this.db.put("snapshot", { operation, etag, content });
  }

  /** Write a fact under the next number. When this returns, the record survives a power cut. */
  async append(fact: Fact, verdict: Verdict): Promise<Entry> {
    const tx = this.db.transaction(["meta", "ops"], "readwrite", STRICT);
    const meta = await readMeta(tx);
    const seq = meta.lastSeq + 1;
    const entry: Entry = {
      op_id: fact.op_id, seq, op: { ...fact, seq }, state: "saved", queued: 1, verdict, result: null, dismissed: false,
    };
    await tx.objectStore("ops").add(entry);
    await tx.objectStore("meta").put({ ...meta, lastSeq: seq }, "this");
    await tx.done;
    return entry;
  }

  /** Up to `limit` entries without a durable result, oldest first, numbered above `after`. */
  queuedAfter(after: number, limit: number): Promise<Entry[]> {
    return this.db.getAllFromIndex("ops", "queue", IDBKeyRange.bound([1, after], [1, Infinity], true, false), limit);
  }

  queuedCount(): Promise<number> {
    return this.db.countFromIndex("ops", "queue", IDBKeyRange.bound([1, -Infinity], [1, Infinity]));
  }

  async entry(opId: string): Promise<Entry | undefined> {
    return this.db.get("ops", opId);
  }

  /** The newest entries first, by the time they were recorded. */
  async newest(limit: number): Promise<Entry[]> {
    const all = await this.db.getAll("ops");
    return all.sort((a, b) => (a.op_id < b.op_id ? 1 : -1)).slice(0, limit);
  }

  /** Every entry of an operation, oldest first: what the tablet knows beyond its snapshot. */
  async ofOperation(operation: number): Promise<Entry[]> {
    const all = await this.db.getAll("ops");
    return all.filter((entry) => entry.op.operation === operation).sort((a, b) => (a.op_id < b.op_id ? -1 : 1));
  }

  /** Sent, no answer known: ◐ on screen. They stay in the queue. */
  async markSent(opIds: readonly string[], sent: boolean): Promise<void> {
    const tx = this.db.transaction("ops", "readwrite");
    for (const opId of opIds) {
      const entry = await tx.store.get(opId);
      if (entry?.queued) await tx.store.put({ ...entry, state: sent ? "sent" : "saved" });
    }
    await tx.done;
  }

  /** Keep the server's answers. Only what they name leaves the queue. Returns the entries that changed. */
  async settle(results: readonly Result[], generation: string, backedUpSeq: number): Promise<Entry[]> {
    const tx = this.db.transaction(["meta", "ops"], "readwrite", STRICT);
    const ops = tx.objectStore("ops");
    const meta = await readMeta(tx);
    if (meta.generation !== null && meta.generation !== generation) await requeue(tx, backedUpSeq);
    const changed: Entry[] = [];
    for (const result of results) {
      const entry = await ops.get(result.op_id);
      if (!entry) continue;
      const settled: Entry = { ...entry, state: "settled", queued: 0, result: lessPersonal(result) };
      await ops.put(settled);
      changed.push({ ...settled, result });
    }
    await tx.objectStore("meta").put({ ...meta, generation, backedUpSeq }, "this");
    await tx.done;
    return changed;
  }

  /** Let go of what the server has in a backup, except the newest `keep` and refusals nobody has looked at. */
  async prune(keep: number): Promise<number> {
    const tx = this.db.transaction(["meta", "ops"], "readwrite");
    const meta = await readMeta(tx);
    const ops = tx.objectStore("ops");
    const all = (await ops.getAll()).sort((a, b) => (a.op_id < b.op_id ? 1 : -1));
    let gone = 0;
    for (const entry of all.slice(keep)) {
      const backedUp = entry.seq > 0 && entry.seq <= meta.backedUpSeq;
      if (entry.queued || !backedUp || needsLook(entry)) continue;
      await ops.delete(entry.op_id);
      gone += 1;
    }
    await tx.done;
    return gone;
  }

  /** Somebody has seen this refusal. */
  async dismiss(opId: string): Promise<void> {
    const tx = this.db.transaction("ops", "readwrite", STRICT);
    const entry = await tx.store.get(opId);
    if (entry) await tx.store.put({ ...entry, dismissed: true });
    await tx.done;
  }
}

/** A refusal, a contradiction or a stop that stays on screen until a person has dealt with it. */
export function needsLook(entry: Entry): boolean {
  const { result, dismissed } = entry;
  return !dismissed && result !== null && ["refused", "mismatch", "review", "held"].includes(result.status);
}

async function readMeta(tx: Rows): Promise<Meta> {
  return (await tx.objectStore("meta").get("this")) ?? FIRST;
}

/** The server was restored from a backup: what the backup lacks goes out again. Replay makes that harmless. */
async function requeue(tx: Rows, backedUpSeq: number): Promise<void> {
  const ops = tx.objectStore("ops");
  for (const entry of await ops.index("seq").getAll(IDBKeyRange.lowerBound(backedUpSeq, true))) {
    if (entry.seq > 0) await ops.put({ ...entry, state: "saved", queued: 1 });
  }
}

/** Full names are shown when they come and not kept: family name and first letter are enough for the list. */
function lessPersonal(result: Result): Result {
  const { name, kana, ...rest } = result.data;
  return {
    ...result,
    data: { ...rest, ...(name ? { name: shortName(name) } : {}), ...(kana ? { kana: shortName(kana) } : {}) },
  };
}
