/*
 * What the tablet keeps: who it is, its snapshot, and every operation it recorded (IndexedDB).
 * An operation is written with durability "strict" and is safe only when its transaction has completed:
 * with the default, a power cut takes back what the screen already called saved.
 * An acknowledged operation stays until the server has it in a backup elsewhere: after a restore it is sent again.
 */
import type { IDBPTransaction } from "idb";
import type { Heard } from "./clock";
import type { Device, Fact, KeptChanges, Result, Snapshot, Status, Verdict } from "./protocol";
import { isNamed, openRooms, type Entry, type Meta, type Rooms, type Schema, type ShelfNews, type StoredSnapshot } from "./shelf_schema";
import { shortName } from "./text";
import { uuid7Floor } from "./uuid7";

export type { Entry, State } from "./shelf_schema";

/** Acknowledged operations beyond this many are let go, oldest first, also without a backup: the tablet's disk is no archive. */
export const MOST_KEPT = 20_000;
const PRUNED_AT_ONCE = 500;
const REWRITTEN_AT_ONCE = 500;
const FIRST: Meta = { lastSeq: 0, generation: null, backedUpSeq: 0 };
// Results that stay on screen until a person has dealt with them.
const ASK_A_PERSON: readonly Status[] = ["refused", "mismatch", "review", "held"];
const STRICT = { durability: "strict" } as const;
const DAY_MS = 24 * 3600 * 1000;
type Rows = IDBPTransaction<Schema, ("meta" | "ops")[], "readwrite">;

export class Shelf {
  // On its way and not answered: ◐ on screen. Not on the shelf: after a power cut nothing is on its way.
  private readonly onTheWay = new Set<string>();

  private constructor(
    private rooms: Rooms,
    private readonly reopen: () => Promise<Rooms>,
  ) {}

  /** Open the shelf; `tell` hears what happens to it while the page lives. Rejects when the browser gives no storage. */
  static async open(name = "dvc-reception", tell: (news: ShelfNews) => void = () => undefined): Promise<Shelf> {
    const open = (): Promise<Rooms> => openRooms(name, tell);
    return new Shelf(await open(), open);
  }

  close(): void {
    this.rooms.close();
  }

  /** A shelf that was closed under us (an upgrade in another tab, cleared data) is opened again, once. */
  private async use<T>(work: (rooms: Rooms) => Promise<T>): Promise<T> {
    try {
      return await work(this.rooms);
    } catch (error) {
      if (!isNamed(error, "InvalidStateError")) throw error;
      this.rooms = await this.reopen();
      return work(this.rooms);
    }
  }

  device(): Promise<Device | undefined> {
    return this.use((rooms) => rooms.get("device", "this"));
  }

  /**
   * This browser is a device (again). What is not known to lie in a backup is numbered anew, in the order of recording,
   * and goes out under the new registration: the server may have been restored and never have heard of it. Op ids stay,
   * so that what the server has seen is a repeat.
   */
  register(device: Device): Promise<void> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["device", "meta", "ops"], "readwrite", STRICT);
      const ops = tx.objectStore("ops");
      const { backedUpSeq } = (await tx.objectStore("meta").get("this")) ?? FIRST;
      // By number, not by id: a clock that was set back gives later records smaller ids.
      const all = (await ops.getAll()).sort((one, other) => one.seq - other.seq);
      await ops.clear();
      let seq = 0;
      let behind = 0;
      for (const entry of all) {
        // What lies in a backup goes behind the queue with numbers below zero: the list shows it, nothing sends it.
        const sends = entry.queued === 1 || entry.seq > backedUpSeq;
        const number = sends ? (seq += 1) : (behind -= 1);
        void ops.put({ ...entry, ...(sends ? { queued: 1, state: "saved" } : {}), seq: number, op: { ...entry.op, seq: number } }).catch(() => undefined);
      }
      await tx.objectStore("meta").put({ ...FIRST, lastSeq: seq }, "this");
      await tx.objectStore("device").put(device, "this");
      await tx.done;
    });
  }

  snapshot(operation: number): Promise<StoredSnapshot | undefined> {
    return this.use((rooms) => rooms.get("snapshot", operation));
  }

  /** A whole snapshot takes the place of the old one and of all its changes. */
  keepSnapshot(operation: number, etag: string, content: Snapshot): Promise<void> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["snapshot", "changes"], "readwrite");
      void tx.objectStore("snapshot").put({ operation, etag, content }).catch(() => undefined);
      void tx.objectStore("changes").delete(changesOf(operation)).catch(() => undefined);
      await tx.done;
    });
  }

  /** What changed since the stored snapshot, in the order it was kept. */
  changes(operation: number): Promise<KeptChanges[]> {
    return this.use((rooms) => rooms.getAll("changes", changesOf(operation)));
  }

  changesCount(operation: number): Promise<number> {
    return this.use((rooms) => rooms.count("changes", changesOf(operation)));
  }

  keepChanges(operation: number, changes: KeptChanges): Promise<void> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction("changes", "readwrite");
      const keys = await tx.store.getAllKeys(changesOf(operation));
      await tx.store.put(changes, [operation, (keys.at(-1)?.[1] ?? 0) + 1]);
      await tx.done;
    });
  }

  /** Drop the snapshots of these operations; nothing that was recorded. */
  forgetSnapshots(operations: readonly number[]): Promise<void> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["snapshot", "changes"], "readwrite");
      for (const operation of operations) {
        void tx.objectStore("snapshot").delete(operation).catch(() => undefined);
        void tx.objectStore("changes").delete(changesOf(operation)).catch(() => undefined);
      }
      await tx.done;
    });
  }

  /** Which server answered last: it changes when one is restored from a backup. */
  async generation(): Promise<string | null> {
    return (await this.use((rooms) => rooms.get("meta", "this")))?.generation ?? null;
  }

  /** Write a fact under the next number. When this returns, the record survives a power cut. */
  append(fact: Fact, verdict: Verdict): Promise<Entry> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["meta", "ops"], "readwrite", STRICT);
      const meta = await readMeta(tx);
      const seq = meta.lastSeq + 1;
      const entry: Entry = {
        op_id: fact.op_id, seq, op: { ...fact, seq, ...(meta.heard ? { heard: meta.heard } : {}) }, state: "saved", queued: 1, verdict, result: null, look: 0,
      };
      // Both at once; a failure of either (the disk is full) ends the transaction, and `done` says which it was.
      void tx.objectStore("ops").add(entry).catch(() => undefined);
      void tx.objectStore("meta").put({ ...meta, lastSeq: seq }, "this").catch(() => undefined);
      await tx.done;
      return entry;
    });
  }

  /** Up to `limit` entries without a durable result, oldest first, numbered above `after`. */
  async queuedAfter(after: number, limit: number): Promise<Entry[]> {
    const range = IDBKeyRange.bound([1, after], [1, Infinity], true, false);
    const found = await this.use((rooms) => rooms.getAllFromIndex("ops", "queue", range, Number.isFinite(limit) ? limit : undefined));
    return found.map((entry) => this.seen(entry));
  }

  queuedCount(): Promise<number> {
    return this.use((rooms) => rooms.countFromIndex("ops", "queue", IDBKeyRange.bound([1, -Infinity], [1, Infinity])));
  }

  async entry(opId: string): Promise<Entry | undefined> {
    const found = await this.use((rooms) => rooms.get("ops", opId));
    return found && this.seen(found);
  }

  /** The newest entries first. */
  newest(limit: number): Promise<Entry[]> {
    return this.use(async (rooms) => {
      const found: Entry[] = [];
      const tx = rooms.transaction("ops");
      for (let cursor = await tx.store.openCursor(null, "prev"); cursor && found.length < limit; cursor = await cursor.continue()) {
        found.push(this.seen(cursor.value));
      }
      return found;
    });
  }

  /** The refusals nobody has looked at, oldest first. */
  toLookAt(): Promise<Entry[]> {
    return this.use((rooms) => rooms.getAllFromIndex("ops", "look", 1));
  }

  /**
   * What this tablet knows beyond a snapshot that was made at `moment` and asked for at `asked` (ms): recorded since, not
   * settled, or (of the day before) answered since, because it may have come to the server after the snapshot was made.
   * Oldest first.
   */
  async since(moment: number, asked: number = moment): Promise<Entry[]> {
    const floor = uuid7Floor(moment);
    const [recent, queued] = await Promise.all([
      this.use((rooms) => rooms.getAll("ops", IDBKeyRange.lowerBound(uuid7Floor(Math.min(moment, asked) - DAY_MS)))),
      this.queuedAfter(-Infinity, Infinity),
    ]);
    const beyond = recent.filter(({ op_id, answered }) => op_id >= floor || (answered !== undefined && answered >= asked));
    const all = new Map([...queued, ...beyond].map((entry) => [entry.op_id, entry]));
    return [...all.values()].sort((a, b) => (a.op_id < b.op_id ? -1 : 1));
  }

  /** Everything a restored server might lack: not settled, or not known to lie in a backup. Oldest first. */
  notBackedUp(): Promise<Entry[]> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["meta", "ops"]);
      const { backedUpSeq } = (await tx.objectStore("meta").get("this")) ?? FIRST;
      const all = await tx.objectStore("ops").getAll();
      return all.filter((entry) => entry.queued === 1 || entry.seq > backedUpSeq);
    });
  }

  /** Sent, no answer known: ◐ on screen. They stay in the queue. */
  markSent(opIds: readonly string[], sent: boolean): void {
    for (const opId of opIds) {
      if (sent) this.onTheWay.add(opId);
      else this.onTheWay.delete(opId);
    }
  }

  /**
   * Keep the server's answers. Only what they name leaves the queue. Returns the entries that changed, and whether the
   * server has another generation: then it was restored, and what its backup lacks is in the queue again. `heard`: what
   * the answer said of the server's clock; null when that is worth nothing.
   */
  settle(
    results: readonly Result[], generation: string, backedUpSeq: number, heard: Heard | null = null,
  ): Promise<{ settled: Entry[]; restored: boolean }> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["meta", "ops"], "readwrite", STRICT);
      const ops = tx.objectStore("ops");
      const meta = await readMeta(tx);
      const restored = meta.generation !== null && meta.generation !== generation;
      if (restored) await requeue(tx, backedUpSeq);
      const entries = await Promise.all(results.map((result) => ops.get(result.op_id)));
      const settled: Entry[] = [];
      const answered = Date.now();
      results.forEach((result, i) => {
        const entry = entries[i];
        if (!entry) return;
        this.onTheWay.delete(entry.op_id);
        const look = toLookAtAfter(result, entry);
        const kept: Entry = { ...entry, state: "settled", queued: 0, look, result: lessPersonal(result), answered };
        void ops.put(kept).catch(() => undefined);
        settled.push({ ...kept, result });
      });
      void tx.objectStore("meta").put({ ...meta, generation, backedUpSeq, ...(heard ? { heard } : {}) }, "this").catch(() => undefined);
      await tx.done;
      return { settled, restored };
    });
  }

  /**
   * Let go of what lies in a backup, and of acknowledged ones beyond `most`, oldest first; never of the newest `keep`,
   * of what has no durable result, or of refusals nobody has looked at. Returns how many went.
   */
  prune(keep: number, most: number = MOST_KEPT): Promise<number> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction(["meta", "ops"], "readwrite");
      const { backedUpSeq } = await readMeta(tx);
      const ops = tx.objectStore("ops");
      const total = await ops.count();
      if (total <= keep) return 0;
      let older = total - keep; // how many may be looked at: the newest are not among them
      let over = total - most;
      let gone = 0;
      let after: string | null = null;
      while (older > 0) {
        const some: Entry[] = await ops.getAll(after === null ? null : IDBKeyRange.lowerBound(after, true), Math.min(PRUNED_AT_ONCE, older));
        for (const entry of some) {
          if (entry.queued || entry.look || (entry.seq > backedUpSeq && over <= 0)) continue;
          void ops.delete(entry.op_id).catch(() => undefined);
          over -= 1;
          gone += 1;
        }
        const last = some.at(-1);
        // Numbers rise with the ids: above the mark nothing more is in a backup.
        if (!last || (last.seq > backedUpSeq && over <= 0)) break;
        after = last.op_id;
        older -= some.length;
      }
      await tx.done;
      return gone;
    });
  }

  /**
   * Take what `emptied` leaves of each settled entry from before that moment (ms); null leaves it as it is. `atOnce` at a
   * time: a tablet may hold 20,000, and a scan must not wait for all of them. Returns how many changed.
   */
  async rewriteSettled(before: number, emptied: (entry: Entry) => Entry | null, atOnce = REWRITTEN_AT_ONCE): Promise<number> {
    const end = uuid7Floor(before);
    let changed = 0;
    let after = "";
    for (;;) {
      const last = await this.use(async (rooms) => {
        const tx = rooms.transaction("ops", "readwrite");
        const some = after < end ? await tx.store.getAll(IDBKeyRange.bound(after, end, true, true), atOnce) : [];
        for (const entry of some) {
          const left = entry.queued ? null : emptied(entry);
          if (!left) continue;
          void tx.store.put(left).catch(() => undefined);
          changed += 1;
        }
        await tx.done;
        return some.at(-1);
      });
      if (!last) return changed;
      after = last.op_id;
    }
  }

  /** Somebody has seen this refusal. */
  dismiss(opId: string): Promise<void> {
    return this.use(async (rooms) => {
      const tx = rooms.transaction("ops", "readwrite", STRICT);
      const entry = await tx.store.get(opId);
      if (entry) await tx.store.put({ ...entry, look: 0 });
      await tx.done;
    });
  }

  private seen(entry: Entry): Entry {
    if (!entry.queued) return entry;
    const state = this.onTheWay.has(entry.op_id) ? "sent" : "saved";
    return state === entry.state ? entry : { ...entry, state };
  }
}

function changesOf(operation: number): IDBKeyRange {
  return IDBKeyRange.bound([operation, 0], [operation, Infinity]);
}

async function readMeta(tx: Rows): Promise<Meta> {
  return (await tx.objectStore("meta").get("this")) ?? FIRST;
}

/** The server was restored from a backup: what the backup lacks goes out again. Replay makes that harmless. */
async function requeue(tx: Rows, backedUpSeq: number): Promise<void> {
  const ops = tx.objectStore("ops");
  for (const entry of await ops.index("seq").getAll(IDBKeyRange.lowerBound(Math.max(0, backedUpSeq), true))) {
    void ops.put({ ...entry, state: "saved", queued: 1 }).catch(() => undefined);
  }
}

/** Whether somebody has to look at this answer. One that was known here is as it was: it may have been seen since. */
function toLookAtAfter({ status, was = status }: Result, before: Entry): 0 | 1 {
  if (status === "replayed" && before.result) return before.look;
  return ASK_A_PERSON.includes(was) ? 1 : 0;
}

/** Full names are shown when they come and not kept: family name and first letter are enough for the list. */
function lessPersonal(result: Result): Result {
  const { alike, exceptions } = result.data;
  return {
    ...result,
    data: {
      ...shortened(result.data),
      ...(alike ? { alike: alike.map(shortened) } : {}),
      ...(exceptions ? { exceptions: exceptions.map(shortened) } : {}),
    },
  };
}

function shortened<T extends { readonly name?: string; readonly kana?: string }>(person: T): T {
  const { name, kana } = person;
  return { ...person, ...(name ? { name: shortName(name) } : {}), ...(kana ? { kana: shortName(kana) } : {}) };
}
