/* The map's data as it travels (intake/maps/points.py): columns of differences. */

export interface Packed {
  readonly words: readonly string[];
  readonly id: readonly number[];
  readonly number: readonly number[];
  readonly word: readonly number[];
  readonly lat: readonly number[];
  readonly lng: readonly number[];
  readonly flags: readonly number[];
  readonly nowhere: number;
  readonly notes: readonly (readonly [number, string, string, number, number])[];
  readonly towns: readonly (readonly [string, number, number])[];
}

export interface Point {
  /** 0 where the asker may not open it. */
  readonly id: number;
  readonly number: number;
  readonly word: number;
  readonly lat: number;
  readonly lng: number;
  readonly flags: number;
}

export const HAZARD = 1;
export const CRISIS = 2;
export const PIN = 4;
const SCALE = 100_000;

export function unpack({ id, number, word, lat, lng, flags }: Packed): Point[] {
  const ids = summed(id);
  const lats = summed(lat);
  const lngs = summed(lng);
  return summed(number).map((each, i) => ({
    id: ids[i] ?? 0, number: each, word: word[i] ?? 0, lat: (lats[i] ?? 0) / SCALE, lng: (lngs[i] ?? 0) / SCALE, flags: flags[i] ?? 0,
  }));
}

function summed(steps: readonly number[]): number[] {
  let sum = 0;
  return steps.map((step) => (sum += step));
}

export interface Cluster {
  /** Where it is drawn, in pixels of the map. */
  readonly x: number;
  readonly y: number;
  readonly points: readonly Point[];
}

// Nearer than this part of a cell, the number of one would lie on the number of the other.
const APART = 0.85;

/**
 * Points that would lie on one another, put together by squares of `cell` pixels; what lies near the edge of its square
 * goes to the larger one next door. `project`: a point in pixels.
 */
export function clusters(points: readonly Point[], project: (point: Point) => { x: number; y: number }, cell: number): Cluster[] {
  const squares = new Map<string, Square>();
  for (const point of points) {
    const { x, y } = project(point);
    const key = `${Math.floor(x / cell)}:${Math.floor(y / cell)}`;
    const square = squares.get(key);
    if (square) {
      square.x += x;
      square.y += y;
      square.points.push(point);
    } else squares.set(key, { x, y, points: [point] });
  }
  const found = new Set<string>();
  for (const [key] of [...squares].sort(([, a], [, b]) => b.points.length - a.points.length)) if (squares.has(key)) absorb(key, squares, found, cell);
  return [...found].map((key) => {
    const { x, y, points: some } = squares.get(key)!;
    return { x: x / some.length, y: y / some.length, points: some };
  });
}

interface Square {
  x: number;
  y: number;
  readonly points: Point[];
}

/** Take in the smaller squares next door whose middle is too near; those that stand already are left. */
function absorb(key: string, squares: Map<string, Square>, found: Set<string>, cell: number): void {
  found.add(key);
  const own = squares.get(key)!;
  const [column = 0, line = 0] = key.split(":").map(Number);
  for (let i = -1; i <= 1; i += 1) {
    for (let j = -1; j <= 1; j += 1) {
      const next = `${column + i}:${line + j}`;
      const other = squares.get(next);
      if (!other || found.has(next)) continue;
      const [n, m] = [own.points.length, other.points.length];
      if (Math.hypot(own.x / n - other.x / m, own.y / n - other.y / m) >= cell * APART) continue;
      own.x += other.x;
      own.y += other.y;
      own.points.push(...other.points);
      squares.delete(next);
    }
  }
}
