/* Built apart from the app (tests/bench/decode.py): the tablet's own decoder, and the time one frame takes it. */
import { decode, prepareDecoder, toFrame } from "../../src/field/decoder";

declare global {
  interface Window {
    decodeAt: (url: string) => Promise<{ texts: string[]; ms: number }>;
  }
}

const canvas = document.createElement("canvas");

window.decodeAt = async (url) => {
  await prepareDecoder();
  const picture = await createImageBitmap(await (await fetch(url)).blob());
  const began = performance.now();
  const frame = toFrame(picture, picture.width, picture.height, canvas);
  const texts = frame ? await decode(frame) : [];
  return { texts, ms: performance.now() - began };
};
document.body.dataset["ready"] = "yes";
