import "fake-indexeddb/auto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stamp } from "../src/field/clock";
import { storedSnapshot } from "../src/field/download";
import { holdersOf } from "../src/field/holders";
import type { Verdict } from "../src/field/protocol";
import { Shelf } from "../src/field/shelf";
import { VERSION } from "../src/field/shelf_schema";
import { notWritten, troubleText } from "../src/field/trouble";
import { uuid7 } from "../src/field/uuid7";

interface Dump {
  version: number;
  stores: Record<string, {
    keyPath: string | null;
    indexes: { name: string; keyPath: string | string[]; unique: boolean }[];
    rows: { key: IDBValidKey; value: { op_id?: string; queued?: 0 | 1; seq?: number } }[];
  }>;
}

const FOLDER = new URL("./fixtures/", import.meta.url);
const dumps = readdirSync(FOLDER)
  .filter((name) => name.startsWith("shelf-"))
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Dump] as const);
const VERDICT: Verdict = { code: "ok", tone: "ok", title: "", say: "", name: "", kana: "", volunteer: 7, todo: [] };

/** A shelf exactly as that release left it. */
async function lay(name: string, dump: Dump, version = dump.version): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => {
      for (const [store, { keyPath, indexes, rows }] of Object.entries(dump.stores)) {
        const made = asked.result.createObjectStore(store, keyPath === null ? {} : { keyPath });
        for (const index of indexes) made.createIndex(index.name, index.keyPath, { unique: index.unique });
        for (const { key, value } of rows) made.put(value, keyPath === null ? key : undefined);
      }
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error!);
  });
  db.close();
}

function fact() {
  return {
    op_id: uuid7(), actor: 3, operation: 1, kind: "visit.arrive" as const, v: 1 as const, ...stamp(), lane: "person:7",
    base: {}, payload: { volunteer: 7 }, mode: "offline" as const,
  };
}

describe.each(dumps)("a shelf of %s", (file, dump) => {
  const rows = dump.stores["ops"]!.rows.map(({ value }) => value);
  const queue = rows.filter((row) => row.queued === 1);

  it("failure 09: opens with its queue whole, goes on numbering, and lets nothing go", async () => {
    await lay(file, dump);
    const shelf = await Shelf.open(file);
    const before = await shelf.queuedAfter(-Infinity, 1000);
    expect(before.map((entry) => entry.op_id)).toEqual(queue.map((row) => row.op_id));
    expect(before.length).toBeGreaterThan(0);
    expect((await shelf.newest(1000)).map((entry) => entry.op_id).reverse()).toEqual(rows.map((row) => row.op_id));
    expect((await shelf.device())?.secret).toBe("s3cret");
    expect(holdersOf((await storedSnapshot(shelf, 1))!).byPrefix("00000000000000bb")?.[0]).toBe(7);
    const { seq } = await shelf.append(fact(), VERDICT);
    expect(seq).toBe(Math.max(...rows.map((row) => row.seq ?? 0)) + 1);
    expect(await shelf.toLookAt()).toHaveLength(1);
    shelf.close();
  });

  it("still numbers anew what a restored server may lack when the tablet is registered again", async () => {
    const name = `${file}-again`;
    await lay(name, dump);
    const shelf = await Shelf.open(name);
    await shelf.register({ device_id: "9", secret: "new", name: "受付", epoch: 1 });
    const sent = await shelf.queuedAfter(-Infinity, 1000);
    expect(sent.map((entry) => entry.seq)).toEqual(Array.from({ length: sent.length }, (_, i) => i + 1));
    expect(sent.length).toBe(rows.filter((row) => row.queued === 1 || (row.seq ?? 0) > 2).length);
    shelf.close();
  });
});

it("has a dump of every version there ever was but the newest", () => {
  const versions = dumps.map(([, dump]) => dump.version);
  expect(versions).toEqual(expect.arrayContaining(Array.from({ length: VERSION - 1 }, (_, i) => i + 1)));
});

describe("a shelf newer than the app", () => {
  it("is used as it is and not touched", async () => {
    const [, dump] = dumps[0]!;
    await lay("newer", { ...dump, stores: { ...dump.stores, tomorrow: { keyPath: null, indexes: [], rows: [] } } }, VERSION + 5);
    const shelf = await Shelf.open("newer");
    expect(await shelf.queuedCount()).toBe(3);
    await shelf.append(fact(), VERDICT);
    expect(await shelf.queuedCount()).toBe(4);
    shelf.close();
    const found = (await indexedDB.databases()).find((each) => each.name === "newer");
    expect(found?.version).toBe(VERSION + 5);
  });

  it("that has none of our rooms is refused and stays whole", async () => {
    await lay("foreign", { version: 1, stores: { other: { keyPath: null, indexes: [], rows: [{ key: 1, value: {} }] } } }, VERSION + 1);
    await expect(Shelf.open("foreign")).rejects.toThrow();
    const found = (await indexedDB.databases()).find((each) => each.name === "foreign");
    expect(found?.version).toBe(VERSION + 1);
  });
});

describe("two tabs", () => {
  it("lets a newer release in, and goes on recording on the newer shelf", async () => {
    const news: string[] = [];
    const shelf = await Shelf.open("two", (each) => news.push(each));
    await shelf.append(fact(), VERDICT);
    const newer = await new Promise<IDBDatabase>((resolve) => {
      const asked = indexedDB.open("two", VERSION + 1);
      asked.onsuccess = () => resolve(asked.result);
    });
    expect(news).toEqual(["newer"]);
    expect((await shelf.append(fact(), VERDICT)).seq).toBe(2);
    expect(await shelf.queuedCount()).toBe(2);
    newer.close();
    shelf.close();
  });

  it("says so while a tab of an older release does not let go, and goes on when it is closed", async () => {
    const [, dump] = dumps[0]!;
    await lay("held", dump);
    const old = await new Promise<IDBDatabase>((resolve) => {
      const asked = indexedDB.open("held", 1);
      asked.onsuccess = () => resolve(asked.result);
    });
    const news: string[] = [];
    const opening = Shelf.open("held", (each) => news.push(each));
    for (let i = 0; i < 200 && !news.length; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(news).toEqual(["waiting"]);
    old.close();
    const shelf = await opening;
    expect(await shelf.queuedCount()).toBe(3);
    shelf.close();
  });
});

describe("a full disk", () => {
  it("is told, the record does not count as saved, and what was saved stays", async () => {
    const shelf = await Shelf.open("full");
    await shelf.append(fact(), VERDICT);
    const put = IDBObjectStore.prototype.add;
    IDBObjectStore.prototype.add = function (value: unknown) {
      const request = put.call(this, value);
      this.transaction.addEventListener("abort", () => undefined);
      request.addEventListener("success", () => this.transaction.abort());
      Object.defineProperty(this.transaction, "error", { get: () => new DOMException("", "QuotaExceededError") });
      return request;
    };
    const told = await shelf.append(fact(), VERDICT).catch((error: unknown) => error);
    IDBObjectStore.prototype.add = put;
    expect(notWritten(told).say).toContain("空きがなくなりました");
    expect(troubleText(told)).toContain("保存済みの記録は残っています");
    expect(await shelf.queuedCount()).toBe(1);
    expect((await shelf.append(fact(), VERDICT)).seq).toBe(2);
    shelf.close();
  });
});
