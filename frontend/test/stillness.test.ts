import { describe, expect, it } from "vitest";
import { LOOK_ANYWAY_MS, Stillness } from "../src/field/stillness";

const WIDTH = 960;
const HEIGHT = 540;

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly light: number;
}

/** A grey desk with the camera's noise on it (the same row of dice for a seed), and perhaps something lighter on it. */
function picture(seed: number, spot?: Spot): ImageData {
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  let dice = seed;
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel += 1) {
    dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) | 0;
    const x = pixel % WIDTH;
    const y = Math.floor(pixel / WIDTH);
    const lit = spot && x >= spot.x && x < spot.x + spot.side && y >= spot.y && y < spot.y + spot.side;
    data[4 * pixel + 1] = (lit ? spot.light : 90) + ((dice >>> 16) % 25) - 12;
  }
  return { data, width: WIDTH, height: HEIGHT, colorSpace: "srgb" } as ImageData;
}

describe("a picture that is worth decoding", () => {
  it("is the first one, and not the same desk again, noise and all", () => {
    const still = new Stillness();
    expect([1, 2, 3, 4].map((seed) => still.isNews(picture(seed), seed * 90))).toEqual([true, false, false, false]);
  });

  it("is one in which a small card came into a corner, moved or went", () => {
    const still = new Stillness();
    const card = { x: 900, y: 480, side: 50, light: 160 };
    const shown = [undefined, card, card, { ...card, x: 880 }, undefined, undefined];
    expect(shown.map((spot, turn) => still.isNews(picture(turn + 1, spot), turn * 60))).toEqual([
      true, true, false, true, true, false,
    ]);
  });

  it("is one that grew light too slowly to be seen from one picture to the next", () => {
    const still = new Stillness();
    const all = { x: 0, y: 0, side: WIDTH };
    const seen = [90, 93, 96, 99, 102, 105].map((light, turn) => still.isNews(picture(1, { ...all, light }), turn * 60));
    expect(seen).toEqual([true, false, false, false, true, false]);
  });

  it("is any picture after a while: what the decoder did not see at once it may see then", () => {
    const still = new Stillness();
    still.isNews(picture(1), 0);
    expect(still.isNews(picture(2), LOOK_ANYWAY_MS - 1)).toBe(false);
    expect(still.isNews(picture(3), LOOK_ANYWAY_MS)).toBe(true);
    expect(still.isNews(picture(4), LOOK_ANYWAY_MS + 1)).toBe(false);
  });
});
