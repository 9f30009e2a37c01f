// @vitest-environment happy-dom
/* What reception and kiosk are under their screens, with a server that answers as each test says. */
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Changes, Op, Result, Snapshot } from "../src/field/protocol";
import { Shelf, type Entry } from "../src/field/shelf";
import { say } from "../src/field/snapshot";
import { Station, type StationNews } from "../src/field/station";
import { snapshotOf } from "./reception_page";

const DEVICE = { device_id: "d", secret: "s", name: "玄関", epoch: 1 };
const NOBODY = { actor: null };

/** A server: undefined is no network, a number that status. */
class Server {
  ops: ((op: Op) => Result) | number | undefined;
  changes: (() => Changes) | undefined;
  greeted = 0;

  /** What happens while the snapshot is on its way. */
  meanwhile: () => Promise<void> = async () => undefined;

  readonly fetch = async (url: string, init?: { body?: string }): Promise<Response> => {
    if (url === "/ops") {
      this.greeted += 1;
      if (this.ops === undefined) throw new TypeError("no network");
      if (typeof this.ops === "number") return Response.json({ text: "登録し直してください。" }, { status: this.ops });
      const { ops } = JSON.parse(String(init?.body)) as { ops: Op[] };
      return Response.json({ server_time: new Date().toISOString(), generation: "1", backed_up_seq: 0, results: ops.map(this.ops) });
    }
    if (!this.changes) throw new TypeError("no network");
    const answer = this.changes();
    await this.meanwhile();
    return Response.json(answer);
  };
}

const applied = ({ op_id, seq, payload }: Op): Result => ({ op_id, seq, status: "applied", code: "ok", tone: "ok", title: "", text: "", data: { volunteer: payload.volunteer ?? 0 } });
const unchanged = (): Changes => ({ cursor: "v1", server_time: new Date().toISOString(), head: {}, cards: {}, short_codes: {}, unbound: [], revoked: [], present: {} });

let server: Server;
let shelf: Shelf;
let heard: { links: string[]; settled: Entry[]; counted: (readonly Entry[])[] };

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  Reflect.deleteProperty(navigator, "serviceWorker");
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function stationWith(snapshot: Snapshot | null, more: Partial<StationNews> = {}): Promise<Station> {
  shelf = await Shelf.open();
  await shelf.register(DEVICE);
  if (snapshot) await shelf.keepSnapshot(1, snapshot.version, snapshot);
  return opened(more);
}

/** The page opened, with what the shelf has. */
async function opened(more: Partial<StationNews> = {}): Promise<Station> {
  shelf = await Shelf.open();
  const page = document.createElement("div");
  page.innerHTML = "<span data-device-name></span><p data-trouble></p>";
  Object.assign(page.dataset, { operationId: "1", opsUrl: "/ops", snapshotUrl: "/snapshot?", app: "test" });
  heard = { links: [], settled: [], counted: [] };
  const station = new Station(page, shelf, {
    connected: ({ kind }) => void heard.links.push(kind),
    released: () => undefined,
    settled: (entries) => void heard.settled.push(...entries),
    queue: async () => undefined,
    counted: (ofToday) => void heard.counted.push(ofToday),
    ...more,
  });
  await station.use(DEVICE);
  return station;
}

const arrival = (station: Station, volunteer: number): Promise<Entry> =>
  station.record("visit.arrive", { volunteer, input: "list" }, say(station.snapshot, "ok", { volunteer, name: "", kana: "" }), NOBODY);

describe("who is here", () => {
  it("counts somebody who was settled while a snapshot was made that lacks them", async () => {
    const station = await stationWith(await snapshotOf(["佐藤 花…"]));
    await arrival(station, 1);
    const made = new Date(Date.now() + 1).toISOString(); // after the record, before its answer
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.ops = applied;
    station.hurry();
    await vi.waitFor(() => expect(heard.settled.length).toBe(1));
    server.changes = () => ({ ...unchanged(), cursor: "v2", server_time: made });
    await station.freshen();
    expect([station.snapshot?.version, station.presence.has(1), station.presence.arrived]).toEqual(["v2", true, 1]);
  });

  it("lets go of what was in the snapshot before its answer came, as soon as nothing is newer than that", async () => {
    const station = await stationWith(await snapshotOf(["佐藤 花…"]));
    const entry = await arrival(station, 1);
    server.changes = () => ({ ...unchanged(), cursor: "v2", present: { "1": "2026-11-23T09:00:00+09:00" } });
    await station.freshen();
    server.ops = applied;
    station.hurry();
    await vi.waitFor(() => expect(heard.settled.length).toBe(1));
    expect(heard.counted.at(-1)?.map(({ op_id }) => op_id)).toEqual([entry.op_id]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.changes = () => ({ ...unchanged(), cursor: "v2" });
    await station.freshen();
    expect([heard.counted.at(-1), station.presence.has(1), station.snapshot?.version]).toEqual([[], true, "v2"]);
  });

  it("takes in what is told under the cursor it has", async () => {
    const station = await stationWith(await snapshotOf(["佐藤 花…"]));
    server.changes = () => ({ ...unchanged(), present: { "1": "2026-11-23T09:00:00+09:00" } });
    await station.freshen();
    expect([station.presence.has(1), (await opened()).presence.has(1)]).toEqual([true, true]);
  });

  it("has somebody who was settled while the snapshot was on its way, also when the page is opened again", async () => {
    const station = await stationWith(await snapshotOf(["佐藤 花…"]));
    await arrival(station, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.ops = applied;
    const moved = { "9": "2026-11-23T09:00:00+09:00" }; // says something, so it is kept
    server.changes = () => ({ ...unchanged(), cursor: "v2", present: moved }); // made after the record, without it
    server.meanwhile = async () => {
      station.hurry();
      await vi.waitFor(() => expect(heard.settled.length).toBe(1));
    };
    await station.freshen();
    expect([station.snapshot?.version, station.presence.has(1)]).toEqual(["v2", true]);
    const again = await opened();
    expect([again.snapshot?.version, again.presence.has(9), again.presence.has(1)]).toEqual(["v2", true, true]);
  });

  it("is what the shelf says when the page is opened again without a network", async () => {
    const snapshot = await snapshotOf(["佐藤 花…"]);
    await arrival(await stationWith(snapshot), 1);
    const again = await opened();
    expect([again.snapshot?.version, again.presence.has(1)]).toEqual([snapshot.version, true]);
    expect(heard.counted.at(-1)?.map(({ op }) => op.payload.volunteer)).toEqual([1]);
  });

  it("is counted anew when the server says that somebody cannot be taken back", async () => {
    const station = await stationWith(await snapshotOf(["佐藤 花…"]));
    const { op_id } = await arrival(station, 1);
    await station.record("visit.undo", { op: op_id, of: "visit.arrive" }, say(station.snapshot, "annulled", { volunteer: 1, name: "", kana: "" }), NOBODY);
    expect(station.presence.has(1)).toBe(false);
    server.ops = (op) => (op.kind === "visit.undo" ? { ...applied(op), tone: "stop", code: "too_late", status: "refused" } : applied(op));
    station.hurry();
    await vi.waitFor(() => expect(station.presence.has(1)).toBe(true));
  });
});

describe("the link", () => {
  it("asks for a new release once for each time the server is reached again", async () => {
    const getRegistration = vi.fn<() => Promise<undefined>>(async () => undefined);
    Object.defineProperty(navigator, "serviceWorker", { value: Object.assign(new EventTarget(), { getRegistration }), configurable: true });
    const station = await stationWith(await snapshotOf([]));
    server.ops = applied;
    server.changes = unchanged;
    await station.freshen();
    await station.freshen();
    server.changes = undefined;
    await station.freshen();
    expect(station.connection).toBe("offline");
    server.changes = unchanged;
    await station.freshen();
    expect([station.connection, getRegistration.mock.calls.length]).toEqual(["online", 2]);
    await vi.waitFor(() => expect(server.greeted).toBeGreaterThan(0)); // what waited meanwhile goes out at once
  });

  it("stays blocked although fresh data comes: only the queue can say otherwise", async () => {
    const station = await stationWith(await snapshotOf([]));
    server.ops = 401;
    server.changes = unchanged;
    station.hurry();
    await vi.waitFor(() => expect(station.connection).toBe("blocked"));
    await station.freshen();
    expect(heard.links.at(-1)).toBe("blocked");
  });
});

describe("a refusal", () => {
  it("asks for fresh data, and a card that could not be read does not", async () => {
    const freshening = vi.fn<() => void>();
    const station = await stationWith(await snapshotOf([]), { freshening });
    server.ops = (op) => ({ ...applied(op), tone: "stop", status: "refused", code: "blocked" });
    await station.record("scan.failed", { raw: "x", code: "unreadable", input: "reader" }, say(null, "unreadable"), NOBODY);
    await vi.waitFor(() => expect(heard.settled.length).toBe(1));
    expect(freshening).not.toHaveBeenCalled();
    await arrival(station, 1);
    await vi.waitFor(() => expect(freshening).toHaveBeenCalledTimes(1));
  });
});

describe("a tablet without an operator", () => {
  it("forgets with the day what the server told it of somebody's answers", async () => {
    const todo = [{ code: "answer_talk", text: "今日の質問で、確かめることがあります。" }];
    server.ops = (op) => ({ ...applied(op), data: { volunteer: 1, todo } });
    const station = await stationWith(await snapshotOf([]));
    station.start();
    await arrival(station, 1);
    const kept = async (): Promise<unknown> => (await shelf.newest(1))[0]?.result?.data.todo;
    await vi.waitFor(async () => expect(await kept()).toEqual(todo));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    window.dispatchEvent(new Event("online"));
    await vi.waitFor(async () => expect(await kept()).toEqual([]));
  });
});
