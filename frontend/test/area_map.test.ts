// @vitest-environment happy-dom
/* The staff's map: what is in view has a marker, a pan leaves those that stay alone, and what somebody reads is not pulled away. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAreaMap } from "../src/desk/area_map";
import type { Packed } from "../src/desk/points";

vi.mock("leaflet/dist/leaflet.css", () => ({}));

const WORDS = ["受付中", "調査中", "マッチング待ち", "活動中", "保留", "完了"];
const steps = (numbers: readonly number[]): number[] => numbers.map((n, i) => n - (numbers[i - 1] ?? 0));

/** `count` requests in a row to the east, a hundred metres apart. */
function row(count: number): Packed {
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    words: WORDS, id: steps(all.map((i) => i + 1)), number: steps(all.map((i) => i + 1)), word: all.map(() => 0),
    lat: steps(all.map(() => 3_829_000)), lng: steps(all.map((i) => 14_100_000 + i * 115)), flags: all.map(() => 0), nowhere: 0, notes: [], towns: [],
  };
}

let place: HTMLElement;
let packed: Packed;

beforeEach(() => {
  vi.useFakeTimers();
  place = document.createElement("div");
  Object.defineProperties(place, { clientWidth: { value: 800 }, clientHeight: { value: 600 } });
  Object.assign(place.dataset, { lat: "38.29", lng: "141.0", pointsUrl: "/points.json", needUrl: "/needs/0/", tileUrl: "", tileCredit: "" });
  document.body.replaceChildren(place);
  let version = 0;
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(packed), { headers: { ETag: String((version += 1)) } }));
  vi.stubGlobal("ResizeObserver", class { observe(): void { /* nothing changes its size here */ } });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const marks = (): HTMLElement[] => [...place.querySelectorAll<HTMLElement>(".leaflet-marker-pane > *")];

async function panned(keyCode: number): Promise<void> {
  place.dispatchEvent(new Event("focus"));
  const key = new KeyboardEvent("keydown");
  Object.defineProperty(key, "keyCode", { value: keyCode }); // what Leaflet reads
  document.dispatchEvent(key);
  await vi.advanceTimersByTimeAsync(1000);
}
const RIGHT = 39;

describe("the staff's map", () => {
  it("leaves the markers that stay in view alone when it is panned, and draws what comes into view", async () => {
    packed = row(200);
    openAreaMap(place);
    await vi.advanceTimersByTimeAsync(10);
    place.querySelector<HTMLElement>(".leaflet-control-zoom-in")!.click();
    await vi.advanceTimersByTimeAsync(1000);
    const before = marks();
    expect(before.length).toBeGreaterThan(3);
    expect(before.length).toBeLessThan(100);
    await panned(RIGHT);
    const after = marks();
    const stayed = after.filter((mark) => before.includes(mark));
    expect(stayed.length).toBeGreaterThan(before.length / 2);
    for (let i = 0; i < 40; i += 1) await panned(RIGHT);
    expect(marks().some((mark) => before.includes(mark))).toBe(false); // far from where it began
  });

  it("shows new data, but not under the eyes of somebody who reads what a mark says", async () => {
    packed = row(1);
    openAreaMap(place);
    await vi.advanceTimersByTimeAsync(10);
    expect(marks().map((mark) => mark.title)).toEqual(["N1 受付中"]);
    marks()[0]!.click();
    expect(place.querySelector(".leaflet-popup")).not.toBeNull();
    packed = { ...row(1), word: [3] };
    await vi.advanceTimersByTimeAsync(31_000);
    expect(marks().map((mark) => mark.title)).toEqual(["N1 受付中"]);
    place.querySelector<HTMLElement>(".leaflet-popup-close-button")!.click();
    await vi.advanceTimersByTimeAsync(1000);
    expect(marks().map((mark) => mark.title)).toEqual(["N1 活動中"]);
  });
});
