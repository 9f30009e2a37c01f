/* The camera: frames → QR text, with the decoder served from our own address. */
import { decode, prepareDecoder, toFrame } from "./decoder";
import { Stillness } from "./stillness";

const FRAME_MS = 90;
// Of so many pictures in a row that could not be read one says so: a second.
const MOST_BROKEN = 10;

export type Facing = "environment" | "user";

/** `say` is what the operator reads when there is no picture, and what else works. */
export type CameraState =
  | { readonly kind: "off" | "starting" | "on" }
  | { readonly kind: "none"; readonly say: string };


export class Scanner {
  private stream: MediaStream | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = 0;
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onText: (text: string, seenAt: number) => void,
    private readonly onState: (state: CameraState) => void,
    /** What works without a camera on this page, as a sentence. */
    private readonly otherWays: string,
  ) {}

  /** Start, or start again with the other camera. Never throws: what is wrong is told to `onState`. */
  async start(facing: Facing): Promise<void> {
    this.stop();
    this.running += 1;
    const run = this.running;
    if (!window.isSecureContext || !("mediaDevices" in navigator)) {
      this.onState({ kind: "none", say: `この接続ではカメラを使えません（安全な接続ではありません）。${this.otherWays}` });
      return;
    }
    this.onState({ kind: "starting" });
    try {
      const [stream] = await Promise.all([
        navigator.mediaDevices.getUserMedia({
          audio: false,
          video: { facingMode: { ideal: facing }, width: { ideal: 1280 }, height: { ideal: 720 } },
        }),
        prepareDecoder(),
      ]);
      if (run !== this.running) {
        stopTracks(stream);
        return;
      }
      this.stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      this.stop();
      this.onState({ kind: "none", say: why(error) + this.otherWays });
      return;
    }
    this.onState({ kind: "on" });
    whenEnded(this.stream, () => {
      if (run !== this.running) return;
      this.stop();
      this.onState({ kind: "none", say: `カメラが止まりました。「カメラ」をもう一度押してください。${this.otherWays}` });
    });
    void this.look(run, new Stillness(), [], 0);
  }

  stop(): void {
    this.running += 1;
    clearTimeout(this.timer);
    if (this.stream) stopTracks(this.stream);
    this.stream = undefined;
    this.video.srcObject = null;
    this.onState({ kind: "off" });
  }

  /** `seen`: what the picture before showed. A still picture shows it again: a card that lies there stays in view. `broken`:
      how many before it could not be read; nobody may hold cards before a picture that moves and reads nothing. */
  private async look(run: number, stillness: Stillness, seen: readonly string[], broken: number): Promise<void> {
    const began = performance.now();
    let texts: readonly string[] = [];
    try {
      const image = this.frame();
      if (image) texts = stillness.isNews(image, began) ? await decode(image) : seen;
      broken = 0;
    } catch {
      broken += 1; // the tablet is short of memory, or the decoder has lost its own
    }
    if (run !== this.running) return;
    if (broken >= MOST_BROKEN) {
      this.stop();
      this.onState({ kind: "none", say: `カメラの画像を読み取れなくなりました。「カメラ」をもう一度押してください。${this.otherWays}` });
      return;
    }
    for (const text of texts) this.onText(text, began);
    const pause = Math.max(10, FRAME_MS - (performance.now() - began));
    this.timer = setTimeout(() => void this.look(run, stillness, texts, broken), pause);
  }

  private frame(): ImageData | null {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height || document.hidden) return null;
    return toFrame(this.video, width, height, this.canvas);
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function whenEnded(stream: MediaStream, then: () => void): void {
  for (const track of stream.getVideoTracks()) track.addEventListener("ended", then, { once: true });
}

function why(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") {
    return "カメラの使用が許可されていません。ブラウザーの設定でカメラを許可してください。";
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") return "カメラが見つかりません。";
  if (name === "NotReadableError") return "カメラをほかのアプリが使っています。そのアプリを閉じてください。";
  return "カメラを始められませんでした。";
}
