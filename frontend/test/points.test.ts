import { describe, expect, it } from "vitest";
import { clusters, unpack, type Packed, type Point } from "../src/desk/points";

const PACKED: Packed = {
  words: ["受付中", "調査中"], id: [7, 1, 1], number: [1, 1, 1], word: [0, 1, 0], lat: [3_829_390, 10, -5], lng: [14_100_440, 0, 3],
  flags: [4, 3, 0], nowhere: 0, notes: [], towns: [],
};

describe("the map's data", () => {
  it("comes out of its columns as it went in", () => {
    expect(unpack(PACKED)).toEqual([
      { id: 7, number: 1, word: 0, lat: 38.2939, lng: 141.0044, flags: 4 },
      { id: 8, number: 2, word: 1, lat: 38.294, lng: 141.0044, flags: 3 },
      { id: 9, number: 3, word: 0, lat: 38.29395, lng: 141.00443, flags: 0 },
    ]);
  });

  it("gives no ids to whoever may open no request", () => {
    expect(unpack({ ...PACKED, id: [] }).map(({ id }) => id)).toEqual([0, 0, 0]);
  });

  it("puts together what would lie on one another, and loses nothing", () => {
    const points = Array.from({ length: 5000 }, (_, i): Point => ({ id: i, number: i, word: 0, lat: i % 70, lng: i % 90, flags: 0 }));
    const found = clusters(points, ({ lat, lng }) => ({ x: lng * 20, y: lat * 20 }), 56);
    expect(found.length).toBeLessThan(900);
    expect(found.flatMap((each) => each.points).length).toBe(5000);
    for (const { x, points: some } of found) expect(Math.abs(x - some[0]!.lng * 20)).toBeLessThan(112);
  });

  it("lays hardly any number on another: what stands at the edge of a square goes to the larger one next door", () => {
    let seed = 7;
    const dice = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const points = Array.from({ length: 3000 }, (_, i): Point => ({ id: i, number: i, word: 0, lat: dice() * 40, lng: dice() * 60, flags: 0 }));
    const found = clusters(points, ({ lat, lng }) => ({ x: lng * 20, y: lat * 20 }), 56);
    expect(found.flatMap((each) => each.points.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(points.map(({ id }) => id));
    const touching = found.filter((one) => found.some((other) => other !== one && Math.hypot(one.x - other.x, one.y - other.y) < 36));
    expect(touching.length).toBeLessThan(found.length / 20);
    const edge = [{ ...points[0]!, lat: 0, lng: 2.75 }, { ...points[1]!, lat: 0, lng: 2.85 }]; // 55 and 57 px
    expect(clusters(edge, ({ lat, lng }) => ({ x: lng * 20, y: lat * 20 }), 56)).toHaveLength(1);
  });
});
