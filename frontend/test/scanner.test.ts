// @vitest-environment happy-dom
/* The camera when the tablet is short of memory: a picture that moves and reads nothing must not stand there all day. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Scanner, type CameraState } from "../src/field/scanner";

let read: () => Promise<object[]>;
vi.mock("zxing-wasm/reader", () => ({ prepareZXingModule: () => Promise.resolve(), readBarcodes: () => read() }));
vi.mock("zxing-wasm/reader/zxing_reader.wasm?url", () => ({ default: "" }));

const CARD = { isValid: true, text: "VC1CARD" };
let shade = 0;

/** A browser with a camera before which something moves. */
beforeEach(() => {
  const track = { stop: () => undefined, addEventListener: () => undefined };
  const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
  vi.stubGlobal("isSecureContext", true);
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia: () => Promise.resolve(stream) } });
  const picture = (): ImageData => ({ width: 32, height: 32, data: new Uint8ClampedArray(32 * 32 * 4).fill((shade += 60) % 256) }) as ImageData;
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({ drawImage: () => undefined, getImageData: picture } as never);
});

async function scans(): Promise<{ texts: string[]; states: CameraState[]; scanner: Scanner }> {
  const video = document.createElement("video");
  for (const side of ["videoWidth", "videoHeight"]) Object.defineProperty(video, side, { value: 32 });
  Object.defineProperty(video, "srcObject", { value: null, writable: true });
  video.play = () => Promise.resolve();
  const texts: string[] = [];
  const states: CameraState[] = [];
  const scanner = new Scanner(video, (text) => texts.push(text), (state) => states.push(state), "リーダーでも読めます。");
  await scanner.start("environment");
  return { texts, states, scanner };
}

describe("a picture that cannot be read", () => {
  it("is not the last one", async () => {
    let tries = 0;
    read = () => ((tries += 1) === 2 ? Promise.reject(new Error("out of memory")) : Promise.resolve(tries < 3 ? [] : [CARD]));
    const { texts, states, scanner } = await scans();
    await vi.waitFor(() => expect(texts).toContain("VC1CARD"), { timeout: 10_000 });
    expect(states.at(-1)).toEqual({ kind: "on" });
    scanner.stop();
  }, 15_000);

  it("is told when none can be read any more, with what works instead", async () => {
    read = () => Promise.reject(new Error("out of memory"));
    const { states } = await scans();
    await vi.waitFor(() => expect(states.at(-1)?.kind).toBe("none"), { timeout: 20_000 });
    expect(states.at(-1)).toMatchObject({ say: expect.stringMatching(/「カメラ」をもう一度押してください。リーダーでも読めます。$/) });
  }, 25_000);
});
