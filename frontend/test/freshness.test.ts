import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refreshSnapshot } from "../src/field/download";
import { Freshness } from "../src/field/freshness";
import { holdersOf } from "../src/field/holders";
import type { CardRow, Changes, Snapshot, WholeAnswer } from "../src/field/protocol";
import { Shelf } from "../src/field/shelf";

const DEVICE = { device_id: "1", secret: "s", name: "", epoch: 1 };
const CARD = "0".repeat(16);
const HOLDER: CardRow = [1, "佐藤 花", "さとう は", 0, ""];

const whole: WholeAnswer = {
  whole: true,
  cursor: "1.10.d.a",
  server_time: "2026-11-23T09:00:00+09:00",
  head: { operation: { id: 1 }, purged: [] } as unknown as WholeAnswer["head"],
  columns: { prefixes: CARD, codes: "00000001", volunteers: [1], names: ["佐藤 花"], kanas: ["さとう は"], flags: [0], ends: [""] },
  revoked: "",
  present: {},
};

function changes(cursor: string, more: Partial<Changes> = {}): Changes {
  return { cursor, server_time: "2026-11-23T09:10:00+09:00", head: {}, cards: {}, short_codes: {}, unbound: [], revoked: [], present: {}, ...more };
}

/** Questions that wait until the test answers them, in any order. */
const questions: { answer: (with_: Changes) => void; fail: () => void }[] = [];
let shelf: Shelf;
let held: Snapshot | null;
let told: [string | undefined, boolean][];
let freshness: Freshness;
let count = 0;

beforeEach(async () => {
  count += 1;
  shelf = await Shelf.open(`freshness-${count}`);
  const first = [whole, changes("1.10.d.a")];
  const server = (() => Promise.resolve(Response.json(first.shift()))) as typeof fetch;
  held = (await refreshSnapshot(shelf, null, { url: "/s?operation=1", operation: 1, device: DEVICE, fetch: server })).snapshot;
  questions.length = 0;
  told = [];
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve, reject) => {
    questions.push({ answer: (with_) => resolve(Response.json(with_)), fail: () => reject(new TypeError()) });
  }));
  freshness = new Freshness(shelf, "/s?operation=1", 1, () => held, (snapshot, came) => {
    held = snapshot;
    told.push([snapshot?.version, came]);
    return Promise.resolve();
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  shelf.close();
});

/** Two questions on their way at once. */
async function askTwice(): Promise<Promise<void>[]> {
  const both = [freshness.freshen(DEVICE), freshness.freshen(DEVICE)];
  await vi.waitFor(() => expect(questions).toHaveLength(2));
  return both;
}

describe("a question that is overtaken by a later one", () => {
  it("takes back nothing when it is answered after all", async () => {
    const both = await askTwice();
    questions[1]!.answer(changes("1.30.d.a", { revoked: [CARD], present: { "1": null } }));
    await both[1];
    questions[0]!.answer(changes("1.20.d.a", { cards: { [CARD]: HOLDER }, present: { "1": "2026-11-23T09:05:00+09:00" } }));
    await both[0];
    expect(told).toEqual([["1.30.d.a", true]]);
    expect([held?.version, held?.present]).toEqual(["1.30.d.a", {}]);
    expect([holdersOf(held!).isRevoked(CARD), holdersOf(held!).byPrefix(CARD)]).toEqual([true, undefined]);
  });

  it("is no news of the network when it fails in the end", async () => {
    const both = await askTwice();
    questions[1]!.answer(changes("1.30.d.a", { present: { "1": "2026-11-23T09:05:00+09:00" } }));
    await both[1];
    questions[0]!.fail();
    await both[0];
    expect(told).toEqual([["1.30.d.a", true]]);
    expect(held?.present).toEqual({ "1": "2026-11-23T09:05:00+09:00" });
  });

  it("counts when it is answered first", async () => {
    const both = await askTwice();
    questions[0]!.answer(changes("1.20.d.a", { present: { "1": "2026-11-23T09:05:00+09:00" } }));
    await both[0];
    questions[1]!.fail();
    await both[1];
    expect(told).toEqual([["1.20.d.a", true], ["1.20.d.a", false]]);
  });
});

describe("an answer that the page breaks on", () => {
  it("is not the last one: the next is asked for all the same", async () => {
    const broken = new Freshness(shelf, "/s?operation=1", 1, () => held, () => Promise.reject(new Error("the shelf was closed")));
    const timers = vi.spyOn(globalThis, "setTimeout");
    const asked = broken.freshen(DEVICE);
    await vi.waitFor(() => expect(questions).toHaveLength(1));
    questions[0]!.answer(changes("1.30.d.a"));
    await expect(asked).rejects.toThrow("the shelf was closed");
    const waits = timers.mock.calls.map(([, wait]) => wait ?? 0).filter((wait) => wait > 10_000);
    timers.mockRestore();
    expect(waits).toHaveLength(1);
  });
});
