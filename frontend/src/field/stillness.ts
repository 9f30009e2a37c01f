/*
 * Decoding a picture in which there is no card costs most of all: everything is tried. An empty desk, or a card that
 * lies there since it was read, is decoded twice a second instead of eleven times, and the battery lasts the day.
 */
const BLOCK = 16; // pixels; a card that can be read is many blocks wide
const STEP = 4; // every fourth pixel each way: sixteen of a block, so that a dark room's noise evens out
const NEWS = 10; // of 255, in any one block
export const LOOK_ANYWAY_MS = 450;

/** Tells a picture worth decoding from one that shows what the last decoded one showed. */
export class Stillness {
  private last: Float32Array | undefined;
  private lookedAt = -Infinity;

  /** `now` in milliseconds. A true answer counts as looked at. */
  isNews(frame: ImageData, now: number): boolean {
    const blocks = brightness(frame);
    if (now - this.lookedAt < LOOK_ANYWAY_MS && !differs(blocks, this.last)) return false;
    this.last = blocks;
    this.lookedAt = now;
    return true;
  }
}

/** The mean green of each block, row by row; of the three colours it is nearest to what the eye sees. */
function brightness({ data, width, height }: ImageData): Float32Array {
  const across = Math.ceil(width / BLOCK);
  const sums = new Float32Array(across * Math.ceil(height / BLOCK));
  const counts = new Uint8Array(sums.length);
  for (let y = 0; y < height; y += STEP) {
    const row = Math.floor(y / BLOCK) * across;
    for (let x = 0; x < width; x += STEP) {
      const block = row + Math.floor(x / BLOCK);
      sums[block] = (sums[block] ?? 0) + (data[4 * (y * width + x) + 1] ?? 0);
      counts[block] = (counts[block] ?? 0) + 1;
    }
  }
  return sums.map((sum, block) => sum / (counts[block] || 1));
}

function differs(blocks: Float32Array, last: Float32Array | undefined): boolean {
  if (last?.length !== blocks.length) return true;
  return blocks.some((value, block) => Math.abs(value - (last[block] ?? 0)) > NEWS);
}
