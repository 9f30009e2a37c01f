import "fake-indexeddb/auto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stamp } from "../src/field/clock";
import { Outbox, type Connection } from "../src/field/outbox";
import type { Fact, Op, Result, Verdict } from "../src/field/protocol";
import { Shelf } from "../src/field/shelf";
import { uuid7, uuid7Floor } from "../src/field/uuid7";

const VERDICT: Verdict = { code: "ok", tone: "ok", title: "受付しました", say: "", name: "佐藤 花", kana: "さとう は", volunteer: 7, todo: [] };
const DEVICE = { device_id: "11", secret: "s3cret", name: "受付1番", epoch: 1 };

function fact(card = "VC1X"): Fact {
  return {
    op_id: uuid7(), actor: 3, operation: 1, kind: "visit.arrive", v: 1, ...stamp(), lane: "person:7", base: {},
    payload: { card, input: "reader" }, mode: "offline",
  };
}

function result(op: Op, more: Partial<Result> = {}): Result {
  return { op_id: op.op_id, seq: op.seq, status: "applied", code: "ok", tone: "ok", title: "受付しました", text: "", data: {}, ...more };
}

/** A server that keeps what it got and answers as each test says: over real HTTP, so that a cut is a real cut. */
class Center {
  readonly got: Op[][] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  readonly envelopes: Record<string, unknown>[] = [];
  serverTime = "";
  answer: (ops: Op[], response: ServerResponse) => void = (ops, response) => this.ok(response, ops.map((op) => result(op)));
  generation = "1";
  backedUpSeq = 0;
  private server!: Server;

  async open(): Promise<string> {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        const { ops, ...envelope } = JSON.parse(body) as { ops: Op[] };
        this.envelopes.push(envelope);
        this.got.push(ops);
        this.headers.push(request.headers);
        this.answer(ops, response);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1/sync/ops`;
  }

  ok(response: ServerResponse, results: Result[]): void {
    this.say(response, 200, { server_time: this.serverTime, generation: this.generation, backed_up_seq: this.backedUpSeq, results });
  }

  say(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let name = 0;
let center: Center;
let shelf: Shelf;
let outbox: Outbox;
let connections: Connection[];
let url: string;

beforeEach(async () => {
  center = new Center();
  url = await center.open();
  name += 1;
  shelf = await Shelf.open(`shelf-${name}`);
  await shelf.register(DEVICE);
  connections = [];
  outbox = new Outbox({ shelf, url, app: "test", random: () => 0.5, onConnection: (connection) => connections.push(connection) });
});

afterEach(async () => {
  outbox.stop();
  shelf.close();
  await center.close();
});

async function put(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await shelf.append(fact(), VERDICT);
}

describe("recording", () => {
  it("numbers facts without a gap, also when many are recorded at once and from two tabs", async () => {
    const other = await Shelf.open(`shelf-${name}`);
    const entries = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? shelf : other).append(fact(), VERDICT)));
    other.close();
    expect(entries.map((entry) => entry.seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(entries.every((entry) => entry.op.seq === entry.seq)).toBe(true);
  });

  it("asks for strict durability on every write of an operation", async () => {
    const asked: (string | undefined)[] = [];
    const original = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (stores, mode, options) {
      if (mode === "readwrite") asked.push(options?.durability);
      return original.call(this, stores as string[], mode, options);
    };
    const { op } = await shelf.append(fact(), VERDICT);
    await shelf.settle([result(op)], "1", 0);
    IDBDatabase.prototype.transaction = original;
    expect(asked).toEqual(["strict", "strict"]);
  });

  it("keeps of every name in an answer the family name and one letter", async () => {
    const { op } = await shelf.append(fact(), VERDICT);
    const person = { volunteer: 8, name: "髙﨑 一郎", kana: "たかさき いちろう" };
    const data = {
      ...person,
      alike: [{ ...person, same: ["name"] as const }],
      exceptions: [{ ...person, code: "blocked", title: "班長を呼んでください" }],
    };
    const { settled } = await shelf.settle([result(op, { data })], "1", 0);
    expect(JSON.stringify(settled)).toContain("髙﨑 一郎");
    const kept = JSON.stringify(await shelf.newest(1));
    expect(kept).toContain("髙﨑 一…");
    expect(kept).not.toMatch(/一郎|いちろう/);
  });

  it("is there after the page was closed and opened again", async () => {
    await put(3);
    shelf.close();
    shelf = await Shelf.open(`shelf-${name}`);
    expect(await shelf.queuedCount()).toBe(3);
    expect((await shelf.append(fact(), VERDICT)).seq).toBe(4);
  });
});

describe("the two clocks", () => {
  it("says both at sending, and writes what was heard of the server's into every later fact", async () => {
    const said = new Date(Date.now() + 3_600_000).toISOString();
    center.serverTime = said;
    await put(1);
    await outbox.drain();
    await put(1);
    await outbox.drain();
    const [first, second] = center.got.flat();
    expect(first?.heard).toBeUndefined();
    expect(second?.heard).toMatchObject({ at: Date.parse(said), boot_id: second?.boot_id });
    expect(second!.heard!.mono).toBeLessThanOrEqual(second!.t_mono);
    const [envelope] = center.envelopes;
    expect(envelope?.["boot_id"]).toBe(first?.boot_id);
    expect(envelope?.["sent_mono"]).toBeGreaterThanOrEqual(first!.t_mono);
    shelf.close();
    shelf = await Shelf.open(`shelf-${name}`);
    expect((await shelf.append(fact(), VERDICT)).op.heard?.at).toBe(Date.parse(said));
  });
});

describe("sending", () => {
  it("sends 450 facts in three batches of at most 200, in order, and settles them by op id", async () => {
    await put(450);
    center.answer = (ops, response) => center.ok(response, ops.map((op) => result(op)).reverse());
    await outbox.drain();
    expect(center.got.map((ops) => ops.length)).toEqual([200, 200, 50]);
    expect(center.got.flat().map((op) => op.seq)).toEqual(Array.from({ length: 450 }, (_, i) => i + 1));
    expect(await shelf.queuedCount()).toBe(0);
    expect(center.headers[0]?.authorization).toBe("Device 11.s3cret");
  });

  it("runs once at a time, and once more when something came in between", async () => {
    await put(1);
    let late: Promise<unknown> | undefined;
    center.answer = (ops, response) => {
      late ??= shelf.append(fact(), VERDICT).then(() => void outbox.drain());
      void late.then(() => center.ok(response, ops.map((op) => result(op))));
    };
    await Promise.all([outbox.drain(), outbox.drain(), outbox.drain()]);
    expect(center.got.map((ops) => ops.map((op) => op.seq))).toEqual([[1], [2]]);
    expect(await shelf.queuedCount()).toBe(0);
  });

  it("leaves the queue alone while another tab holds the lock", async () => {
    await put(1);
    const busy = { request: (_name: string, _options: LockOptions, work: (lock: Lock | null) => unknown) => Promise.resolve(work(null)) };
    const second = new Outbox({ shelf, url, app: "test", locks: busy as unknown as LockManager });
    await second.drain();
    expect(center.got).toEqual([]);
    expect(await shelf.queuedCount()).toBe(1);
  });

  it("keeps everything when the answer is cut off, and the same op goes out again", async () => {
    await put(2);
    center.answer = (_ops, response) => void response.socket?.destroy();
    await outbox.drain();
    expect(await shelf.queuedCount()).toBe(2);
    expect(connections.at(-1)?.kind).toBe("offline");
    center.answer = (ops, response) => center.ok(response, ops.map((op) => result(op, { status: "replayed" })));
    await outbox.drain();
    expect(center.got[1]?.map((op) => op.op_id)).toEqual(center.got[0]?.map((op) => op.op_id));
    expect(await shelf.queuedCount()).toBe(0);
  });

  it("keeps everything when a sign-in page or a proxy's page answers", async () => {
    await put(1);
    center.answer = (_ops, response) => void response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Wi-Fi</h1>");
    await outbox.drain();
    center.answer = (_ops, response) => void response.writeHead(302, { Location: "/sign-in/" }).end();
    await outbox.drain();
    expect(await shelf.queuedCount()).toBe(1);
  });

  it("keeps an op without a result, and the ops after it go through", async () => {
    await put(3);
    center.answer = (ops, response) => center.ok(response, ops.filter((op) => op.seq !== 2).map((op) => result(op)));
    await outbox.drain();
    const [left] = await shelf.queuedAfter(0, 10);
    expect([await shelf.queuedCount(), left?.seq, left?.state]).toEqual([1, 2, "saved"]);
  });

  it("splits a batch that is too large, and one op that is too large by itself does not stop the others", async () => {
    await put(8);
    center.answer = (ops, response) => {
      if (ops.length > 2 || ops.some((op) => op.seq === 5)) center.say(response, 413, { code: "too_large", text: "" });
      else center.ok(response, ops.map((op) => result(op)));
    };
    await outbox.drain();
    expect((await shelf.queuedAfter(0, 10)).map((entry) => entry.seq)).toEqual([5]);
  });

  it.each([401, 403, 426])("on %i keeps the queue and says what the server says", async (status) => {
    await put(2);
    center.answer = (_ops, response) => center.say(response, status, { code: "device_revoked", text: "担当者に知らせてください。" });
    await outbox.drain();
    expect(connections.at(-1)).toEqual({ kind: "blocked", text: "担当者に知らせてください。" });
    expect(await shelf.queuedCount()).toBe(2);
    expect(center.got.length).toBe(1);
  });

  it("lets go of what a revoked device handed over, and says where it is", async () => {
    await put(2);
    center.answer = (ops, response) =>
      center.say(response, 200, {
        server_time: "", generation: "1", backed_up_seq: 0, device: "revoked", text: "記録はセンターに預けました。",
        results: ops.map((op) => ({ ...result(op), status: "held", code: "quarantined" })),
      });
    await outbox.drain();
    expect(connections.at(-1)).toEqual({ kind: "blocked", text: "記録はセンターに預けました。", stored: true });
    expect(await shelf.queuedCount()).toBe(0);
    expect((await shelf.newest(2)).map((entry) => entry.result?.code)).toEqual(["quarantined", "quarantined"]);
    // It goes on greeting: the queue still lies at the center.
    center.answer = (_ops, response) => center.say(response, 403, { code: "device_revoked", text: "この端末は使用停止です。" });
    await outbox.hurry();
    expect(connections.at(-1)).toEqual({ kind: "blocked", text: "この端末は使用停止です。", stored: true });
  });

  it("waits longer after each failure, never more than a minute and a bit, and as long as a busy server asks", async () => {
    await put(1);
    center.answer = (_ops, response) => center.say(response, 500, {});
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      await outbox.drain();
      waits.push(outbox.nextWait());
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
    center.answer = (_ops, response) => center.say(response, 503, { code: "busy", text: "" }, { "Retry-After": "90" });
    await outbox.drain();
    expect(outbox.nextWait()).toBe(90_000);
  });
});

describe("keeping", () => {
  it("keeps acknowledged facts until the server has them in a backup", async () => {
    await put(30);
    await outbox.drain();
    expect(await shelf.newest(100)).toHaveLength(30);
    center.backedUpSeq = 25;
    await put(1);
    await outbox.drain();
    const left = await shelf.newest(100);
    expect(left.map((entry) => entry.seq)).toEqual(Array.from({ length: 20 }, (_, i) => 31 - i));
  });

  it("sends again what a restored server lacks", async () => {
    await put(10);
    await outbox.drain();
    center.generation = "2";
    center.backedUpSeq = 6;
    await put(1);
    await outbox.drain();
    expect(center.got.at(-1)?.map((op) => op.seq)).toEqual([7, 8, 9, 10]);
    expect(await shelf.queuedCount()).toBe(0);
  });

  it("notices a restored server although it has nothing to send", async () => {
    await put(3);
    await outbox.drain();
    center.generation = "2";
    center.backedUpSeq = 1;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    await outbox.drain();
    vi.useRealTimers();
    expect(center.got.slice(1).map((ops) => ops.map((op) => op.seq))).toEqual([[], [2, 3]]);
  });

  it("keeps what was backed up at the first registration only as long as the list shows it", async () => {
    await put(25);
    center.backedUpSeq = 25;
    await outbox.drain();
    await shelf.register({ ...DEVICE, device_id: "12" });
    await put(2);
    await outbox.drain();
    expect(center.got.at(-1)?.map((op) => op.seq)).toEqual([1, 2]);
    expect(await shelf.newest(100)).toHaveLength(20);
  });

  it("holds 20,000 acknowledged facts and no more, and never lets go of one that is not acknowledged", async () => {
    await put(30);
    await outbox.drain();
    await put(3);
    expect(await shelf.prune(5, 20)).toBe(13);
    expect((await shelf.newest(100)).map((entry) => entry.seq)).toEqual(Array.from({ length: 20 }, (_, i) => 33 - i));
    await shelf.prune(0, 0);
    expect((await shelf.newest(100)).map((entry) => entry.seq)).toEqual([33, 32, 31]);
  });

  it("keeps a refusal on screen until a person has seen it", async () => {
    await put(1);
    center.answer = (ops, response) => center.ok(response, ops.map((op) => result(op, { status: "refused", code: "invalid", tone: "stop" })));
    await outbox.drain();
    center.backedUpSeq = 99;
    center.answer = (ops, response) => center.ok(response, ops.map((op) => result(op)));
    await put(25);
    await outbox.drain();
    const [refused, ...more] = await shelf.toLookAt();
    expect([refused?.seq, more]).toEqual([1, []]);
    await shelf.dismiss(refused!.op_id);
    expect(await shelf.toLookAt()).toEqual([]);
    await shelf.prune(20);
    expect((await shelf.newest(100)).map((entry) => entry.seq)).not.toContain(1);
  });

  it("loses nothing when the tablet is registered again: what no backup holds goes out again, in order and gapless", async () => {
    await put(2);
    await outbox.drain();
    await put(3);
    const before = (await shelf.newest(100)).map((entry) => entry.op_id).reverse();
    await shelf.register({ ...DEVICE, device_id: "12" });
    await put(1);
    await outbox.drain();
    const last = center.got.at(-1) ?? [];
    expect(last.map((op) => op.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(last.slice(0, 5).map((op) => op.op_id)).toEqual(before);
    expect(center.headers.at(-1)?.authorization).toBe("Device 12.s3cret");
    expect(await shelf.queuedCount()).toBe(0);
  });

  it("goes out in the order of recording after a registration, also what was recorded when the clock had been set back", async () => {
    const noon = Date.now();
    const ids = [noon, noon - 3600_000, noon - 1800_000].map((at) => `${uuid7Floor(at).slice(0, -1)}1`);
    for (const op_id of ids) await shelf.append({ ...fact(), op_id }, VERDICT);
    await shelf.register({ ...DEVICE, device_id: "12" });
    await outbox.drain();
    expect(center.got.at(-1)?.map((op) => [op.op_id, op.seq])).toEqual(ids.map((op_id, i) => [op_id, i + 1]));
  });

  it("tells what it knows beyond a snapshot: recorded since, or not settled", async () => {
    await put(3);
    await outbox.drain();
    const before = Date.now() + 2;
    while (Date.now() < before + 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await put(2);
    const [fourth] = await shelf.queuedAfter(0, 1);
    await shelf.settle([result(fourth!.op)], "1", 0);
    expect((await shelf.since(before)).map((entry) => entry.seq)).toEqual([4, 5]);
    expect((await shelf.since(Date.now() + 60_000)).map((entry) => entry.seq)).toEqual([5]);
    // Asked for before the fourth was answered: the snapshot may have been made before the fourth was there.
    expect((await shelf.since(Date.now() + 60_000, before)).map((entry) => entry.seq)).toEqual([4, 5]);
    expect((await shelf.newest(2)).map((entry) => entry.seq)).toEqual([5, 4]);
  });

  it("does not keep full names", async () => {
    await put(1);
    center.answer = (ops, response) =>
      center.ok(response, ops.map((op) => result(op, { data: { name: "佐藤 花子", kana: "さとう はなこ", visit: 5 } })));
    let shown = "";
    const telling = new Outbox({ shelf, url, app: "t", onSettled: ([entry]) => (shown = entry?.result?.data.name ?? "") });
    await telling.drain();
    const [entry] = await shelf.newest(1);
    expect(shown).toBe("佐藤 花子");
    expect(entry?.result?.data).toEqual({ name: "佐藤 花…", kana: "さとう は…", visit: 5 });
  });
});

describe("a tab that holds the lock", () => {
  it("keeps the others from sending while it sends, and not for ever: the system may have put it to sleep", async () => {
    const asleep = { request: (_name: string, _how: object, work: (lock: null) => Promise<void>) => work(null) };
    outbox = new Outbox({ shelf, url, app: "test", locks: asleep as unknown as LockManager });
    await put(1);
    await outbox.drain();
    expect(center.got).toHaveLength(0);
    const began = performance.now();
    const clock = vi.spyOn(performance, "now").mockReturnValue(began + 60_000);
    await outbox.drain();
    expect(center.got).toHaveLength(0);
    clock.mockReturnValue(began + 120_000);
    await outbox.drain();
    clock.mockRestore();
    expect(center.got.map((ops) => ops.length)).toContain(1);
    expect(await shelf.queuedCount()).toBe(0);
  });
});
