/* One frame → the texts of the QR symbols in it, with the decoder served from our own address. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";

const LONGEST_SIDE = 960;
// People hold up two cards at once, and a poster may hang behind them.
const SYMBOLS = 4;

let decoder: Promise<unknown> | undefined;

export function prepareDecoder(): Promise<unknown> {
  decoder ??= prepareZXingModule({
    overrides: { locateFile: (path: string, prefix: string) => (path.endsWith(".wasm") ? wasmUrl : prefix + path) },
    fireImmediately: true,
  });
  return decoder;
}

/** The picture as the decoder looks at it: no larger than it has to be. Null when there is nothing to draw on. */
export function toFrame(picture: CanvasImageSource, width: number, height: number, canvas: HTMLCanvasElement): ImageData | null {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return null;
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export async function decode(frame: ImageData): Promise<string[]> {
  const symbols = await readBarcodes(frame, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: SYMBOLS });
  return symbols.filter(({ isValid, text }) => isValid && text).map(({ text }) => text);
}
