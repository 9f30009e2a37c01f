/*
 * Photos on their way: in pieces, by hash, taken up where the server says. The records go first; a photo is only let go of
 * when the server has the whole of it. Transport errors are retried for ever, a photo that is refused is not. A tablet that
 * was stopped hands over what its records name; what the server does not take yet stays, and keeps nothing else waiting.
 */
import type { Device } from "./protocol";
import type { StoredPhoto, SurveyShelf } from "./survey_shelf";

const PIECE_BYTES = 256 * 1024;
const TIMEOUT_MS = 60_000;
const KEPT_MS = 24 * 3600_000;

export interface PhotoSenderOptions {
  readonly shelf: SurveyShelf;
  /** `…/photos/`: the hash comes behind it. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly pieceBytes?: number;
  readonly onChange?: () => void;
}

interface Answer {
  readonly received: number;
  readonly whole: boolean;
}

/** `later`: no network, a busy server; `not_yet`: the server does not take it before its record, or not from this device;
    `refused`: the server's sentence about this photo. */
type Outcome = "sent" | "later" | "not_yet" | { readonly refused: string };

export class PhotoSender {
  private readonly fetch: typeof fetch;
  private running: Promise<boolean> | undefined;

  constructor(private readonly options: PhotoSenderOptions) {
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
  }

  /** Send what is ready to a server of this generation. Resolves to whether nothing is left. One at a time. */
  send(device: Device, generation: string | null): Promise<boolean> {
    this.running ??= this.all(device, generation).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async all(device: Device, generation: string | null): Promise<boolean> {
    const { shelf, onChange } = this.options;
    await shelf.forgetUploaded(Date.now() - KEPT_MS);
    let isAll = true;
    for (const photo of await shelf.photosToSend(generation)) {
      const outcome = await this.one(photo, device);
      if (outcome === "later") return false;
      if (outcome === "not_yet") {
        isAll = false;
        continue;
      }
      if (outcome === "sent") await shelf.changePhoto(photo.sent, { uploadedAt: Date.now(), generation });
      else await shelf.changePhoto(photo.sent, { problem: outcome.refused });
      onChange?.();
    }
    return isAll;
  }

  private async one(photo: StoredPhoto, device: Device): Promise<Outcome> {
    const { bytes, sent, operation } = photo;
    const place = `${this.options.url}${sent}?operation=${operation}`;
    let answer = await this.ask(place, device);
    let turns = 0;
    while (typeof answer === "object" && "received" in answer) {
      if (answer.whole) return "sent";
      // A server that keeps starting anew is asked again later.
      if ((turns += 1) > 4 + (2 * bytes.byteLength) / this.pieceBytes) return "later";
      const offset = answer.received;
      const piece = bytes.slice(offset, offset + this.pieceBytes);
      answer = await this.ask(`${place}&offset=${offset}&size=${bytes.byteLength}`, device, piece);
    }
    return answer;
  }

  private get pieceBytes(): number {
    return this.options.pieceBytes ?? PIECE_BYTES;
  }

  private async ask(url: string, device: Device, piece?: ArrayBuffer): Promise<Answer | "later" | "not_yet" | { readonly refused: string }> {
    try {
      const response = await this.fetch(url, {
        method: piece ? "PUT" : "GET",
        headers: { Authorization: `Device ${device.device_id}.${device.secret}`, ...(piece ? { "Content-Type": "application/octet-stream" } : {}) },
        credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(piece ? { body: piece } : {}),
      });
      const said = (await response.json()) as Partial<Answer> & { code?: string; text?: string };
      if (response.ok && typeof said.received === "number") return { received: said.received, whole: said.whole === true };
      if (response.status === 409 && said.code !== "photo.broken_on_the_way") return { refused: said.text ?? "写真を送れませんでした。" };
      if (response.status === 401 || response.status === 403) return "not_yet";
      return "later";
    } catch {
      return "later"; // no network, half an answer: the piece is sent again
    }
  }
}
