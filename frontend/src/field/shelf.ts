/*
 * What the tablet keeps: who it is, its snapshot, and every operation it recorded (IndexedDB).
 * An operation is written with durability "strict" and is safe only when its transaction has completed:
 * with the default, a power cut takes back what the screen already called saved.
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from "idb";
import type { Device, Fact, Op, Result, Snapshot, Status, Verdict } from "./protocol";
import { shortName } from "./text";
import { uuid7Floor } from "./uuid7";

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
  ops: { key: string; value: Entry; indexes: { queue: [number, number]; seq: number; look: number } };
}

const FIRST: Meta = { lastSeq: 0, generation: null, backedUpSeq: 0 };
// Results that stay on screen until a person has dealt with them.
const ASK_A_PERSON: readonly Status[] = ["refused", "mismatch", "review", "held"];
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
        ops.createIndex("look", "look");
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
      op_id: fact.op_id, seq, op: { ...fact, seq }, state: "saved", queued: 1, verdict, result: null, look: 0,
    };
    await tx.objectStore("ops").add(entry);
    await tx.objectStore("meta").put({ ...meta, lastSeq: seq }, "this");
    await tx.done;
    return entry;
  }

  /** Up to `limit` entries without a durable result, oldest first, numbered above `after`. */
  queuedAfter(after: number, limit: number): Promise<Entry[]> {
    return this.db.getAllFromIndex("ops", "queue", IDBKeyRange.bound([1, after], [1, Infinity], true, false), Number.isFinite(limit) ? limit : undefined);
  }

  queuedCount(): Promise<number> {
    return this.db.countFromIndex("ops", "queue", IDBKeyRange.bound([1, -Infinity], [1, Infinity]));
  }

  async entry(opId: string): Promise<Entry | undefined> {
    return this.db.get("ops", opId);
  }

  /** The newest entries first. */
  async newest(limit: number): Promise<Entry[]> {
    const found: Entry[] = [];
    const tx = this.db.transaction("ops");
    for (let cursor = await tx.store.openCursor(null, "prev"); cursor && found.length < limit; cursor = await cursor.continue()) {
      found.push(cursor.value);
    }
    return found;
  }

  /** The refusals nobody has looked at, oldest first. */
  toLookAt(): Promise<Entry[]> {
    return this.db.getAllFromIndex("ops", "look", 1);
  }

  /** What this tablet knows beyond a snapshot of that moment (ms): recorded since, or not settled. Oldest first. */
  async since(moment: number): Promise<Entry[]> {
    const [recent, queued] = await Promise.all([
      this.db.getAll("ops", IDBKeyRange.lowerBound(uuid7Floor(moment))),
      this.queuedAfter(-Infinity, Infinity),
    ]);
    const all = new Map([...queued, ...recent].map((entry) => [entry.op_id, entry]));
    return [...all.values()].sort((a, b) => (a.op_id < b.op_id ? -1 : 1));
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
      const look = ASK_A_PERSON.includes(result.status) ? 1 : 0;
      const settled: Entry = { ...entry, state: "settled", queued: 0, look, result: lessPersonal(result) };
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
    const { backedUpSeq, lastSeq } = await readMeta(tx);
    const upTo = Math.min(backedUpSeq, lastSeq - keep);
    const ops = tx.objectStore("ops");
    let gone = 0;
    // From 1: what lies behind the queue since an older registration has numbers below zero and stays.
    if (upTo >= 1) {
      for (const entry of await ops.index("seq").getAll(IDBKeyRange.bound(1, upTo))) {
        if (entry.queued || entry.look) continue;
        await ops.delete(entry.op_id);
        gone += 1;
      }
    }
    await tx.done;
    return gone;
  }

  /** Somebody has seen this refusal. */
  async dismiss(opId: string): Promise<void> {
    const tx = this.db.transaction("ops", "readwrite", STRICT);
    const entry = await tx.store.get(opId);
    if (entry) await tx.store.put({ ...entry, look: 0 });
    await tx.done;
  }
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
