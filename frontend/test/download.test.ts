import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { refreshSnapshot, storedSnapshot } from "../src/field/download";
import { Holders, holdersOf } from "../src/field/holders";
import type { Changes, Snapshot, WholeAnswer } from "../src/field/protocol";
import { Shelf } from "../src/field/shelf";

const DEVICE = { device_id: "1", secret: "s", name: "", epoch: 1 };
const id = (n: number): string => n.toString(16).padStart(16, "0");
const code = (n: number): string => n.toString().padStart(8, "0");

function whole(count: number, cursor = "1.10.d.a"): WholeAnswer {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return {
    whole: true,
    cursor,
    server_time: "2026-11-23T09:00:00+09:00",
    head: { operation: { id: 1 }, purged: [] } as unknown as WholeAnswer["head"],
    columns: {
      prefixes: numbers.map(id).join(""),
      codes: numbers.map(code).join(""),
      volunteers: numbers,
      names: numbers.map((n) => `佐藤 ${n}`),
      kanas: numbers.map(() => "さとう"),
      flags: numbers.map(() => 1),
      ends: numbers.map((n) => (n % 2 ? "2027-03-31" : "")),
    },
    revoked: numbers.slice(0, 2).map((n) => id(n + 1_000_000)).join(""),
    present: { "1": "2026-11-23T08:57:03+09:00" },
  };
}

function changes(cursor: string, more: Partial<Changes> = {}): Changes {
  return { cursor, server_time: "2026-11-23T09:10:00+09:00", head: {}, cards: {}, short_codes: {}, unbound: [], revoked: [], present: {}, ...more };
}

/** A server that answers in turn; "cut" breaks the line. */
function server(...answers: (Changes | WholeAnswer | "cut")[]) {
  const asked: string[] = [];
  const ask = ((url: string) => {
    asked.push(new URL(url, "http://x").searchParams.get("since") ?? "none");
    const answer = answers.shift();
    return answer === "cut" || answer === undefined ? Promise.reject(new TypeError()) : Promise.resolve(Response.json(answer));
  }) as typeof fetch;
  return { asked, where: { url: "/snapshot?operation=1", operation: 1, device: DEVICE, fetch: ask } };
}

let shelf: Shelf;
let name = 0;
beforeEach(async () => {
  name += 1;
  shelf = await Shelf.open(`download-${name}`);
});

/** What a page that is opened again holds. */
async function reopened(): Promise<Snapshot> {
  return (await storedSnapshot(shelf, 1))!;
}

describe("the download", () => {
  it("is whole at first, and at once what changed since that whole was made", async () => {
    const { asked, where } = server(whole(3), changes("1.12.d.a", { present: { "1": null, "2": "x" } }));
    const { snapshot, came } = await refreshSnapshot(shelf, null, where);
    expect([came, asked]).toEqual([true, ["", "1.10.d.a"]]);
    expect(Object.keys(snapshot!.present)).toEqual(["2"]);
    expect(holdersOf(snapshot!).byPrefix(id(3))).toEqual([3, "佐藤 3", "さとう", 1, "2027-03-31"]);
    expect(holdersOf(snapshot!).prefixOf(code(3))).toBe(id(3));
    expect(holdersOf(snapshot!).isRevoked(id(1_000_002))).toBe(true);
    expect((await reopened()).present).toEqual({ "2": "x" });
  });

  it("moves on with what was bound, taken back, lost and blocked, and a page opened again knows it", async () => {
    const first = server(whole(5), changes("1.10.d.a"));
    let { snapshot } = await refreshSnapshot(shelf, null, first.where);
    const next = server(
      changes("1.20.d.a", { cards: { [id(1)]: [1, "佐藤 1", "さとう", 17], [id(9)]: [2, "佐藤 2", "さとう", 1] }, short_codes: { [code(9)]: id(9) }, unbound: [id(3)], revoked: [id(2)] }),
      changes("1.30.d.a", { head: { purged: [44] } }),
    );
    ({ snapshot } = await refreshSnapshot(shelf, snapshot, next.where));
    ({ snapshot } = await refreshSnapshot(shelf, snapshot, next.where));
    expect(next.asked).toEqual(["1.10.d.a", "1.20.d.a"]);
    for (const held of [snapshot!, await reopened()]) {
      const holders = holdersOf(held);
      expect(holders.byPrefix(id(1))?.[3]).toBe(17);
      expect([holders.byPrefix(id(2)), holders.isRevoked(id(2))]).toEqual([undefined, true]);
      expect([holders.byPrefix(id(3)), holders.isRevoked(id(3))]).toEqual([undefined, false]);
      expect(holders.byPrefix(holders.prefixOf(code(9))!)?.[0]).toBe(2);
      expect([held.version, held.purged]).toEqual(["1.30.d.a", [44]]);
    }
  });

  it("writes nothing where nothing changed, and what changes later still fits what was kept", async () => {
    let { snapshot } = await refreshSnapshot(shelf, null, server(whole(2), changes("1.10.d.a")).where);
    for (const answer of [changes("1.11.d.a"), changes("1.12.d.a"), changes("1.13.d.a", { revoked: [id(1)] })]) {
      ({ snapshot } = await refreshSnapshot(shelf, snapshot, server(answer).where));
    }
    expect(await shelf.changesCount(1)).toBe(1);
    const held = await reopened();
    expect([held.version, holdersOf(held).isRevoked(id(1))]).toEqual(["1.13.d.a", true]);
  });

  it("takes nothing from another tab that does not follow what it holds", async () => {
    await refreshSnapshot(shelf, null, server(whole(2), changes("1.10.d.a")).where);
    await shelf.keepChanges(1, { ...changes("1.99.d.a"), since: "1.50.d.a" });
    expect((await reopened()).version).toBe("1.10.d.a");
  });

  it("keeps what it has when the line is cut between the whole and its changes", async () => {
    const { snapshot, came } = await refreshSnapshot(shelf, null, server(whole(2), "cut").where);
    expect([came, snapshot?.version]).toEqual([false, "1.10.d.a"]);
    expect((await refreshSnapshot(shelf, snapshot, server("cut").where)).snapshot).toBe(snapshot);
  });

  it("forgets a wiped drill and no record", async () => {
    await shelf.keepSnapshot(44, "x", { ...(await refreshSnapshot(shelf, null, server(whole(1), changes("1.10.d.a")).where)).snapshot! });
    await refreshSnapshot(shelf, await reopened(), server(changes("1.11.d.a", { head: { purged: [44] } })).where);
    expect(await shelf.snapshot(44)).toBeUndefined();
    expect(await shelf.snapshot(1)).toBeDefined();
    // A tablet that was away for days hears of it with the day's first whole.
    await shelf.keepSnapshot(45, "x", await reopened());
    const { head, ...rest } = whole(1, "1.30.e.a");
    await refreshSnapshot(shelf, null, server({ ...rest, head: { ...head, purged: [44, 45] } }, changes("1.30.e.a")).where);
    expect(await shelf.snapshot(45)).toBeUndefined();
  });
});

describe("the look-up table", () => {
  it("reads what an older release kept by prefix", () => {
    const old = { revoked: [id(5)], cards: { [id(1)]: [7, "佐藤", "", 0] }, short_codes: { [code(1)]: id(1) } } as unknown as Snapshot;
    const holders = new Holders(old);
    expect([holders.byPrefix(id(1))?.[0], holders.prefixOf(code(1)), holders.isRevoked(id(5)), holders.size]).toEqual([7, id(1), true, 1]);
  });

  it("holds 60,000 cards, each found by both its names", () => {
    const { columns, revoked } = whole(60_000);
    const holders = new Holders({ columns, revoked } as Snapshot);
    expect(holders.size).toBe(60_000);
    expect(holders.byPrefix(holders.prefixOf(code(59_999))!)?.[0]).toBe(59_999);
  });
});
