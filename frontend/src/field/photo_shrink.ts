/* A photo made small in the browser. What is drawn on a canvas has no position, camera or time in it any more. */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "./ed25519";

const LONG_SIDE = 1600;
const QUALITY = 0.8;
const MOST_BYTES = 25_000_000;

/** Why a file cannot be used, as a sentence for the screen. */
export class NoPhoto extends Error {}

export interface Shrunk {
  readonly sent: string;
  readonly bytes: ArrayBuffer;
}

/** Rejects with `NoPhoto`. */
export async function shrink(file: Blob): Promise<Shrunk> {
  if (file.size > MOST_BYTES) {
    const megabytes = Math.round(file.size / 1_000_000);
    throw new NoPhoto(`写真が大きすぎます（${megabytes}MB）。25MBまでです。カメラの設定で小さくするか、撮り直してください。`);
  }
  const picture = await decoded(file);
  const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const paper = canvas.getContext("2d");
  if (!paper) throw new NoPhoto("この端末では写真を小さくできません。別の端末で撮ってください。");
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new NoPhoto("写真を小さくできませんでした。もう一度撮ってください。");
  const bytes = await blob.arrayBuffer();
  return { sent: toHex(sha256(new Uint8Array(bytes))), bytes };
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new NoPhoto("写真として読めませんでした。写真のファイルを選ぶか、撮り直してください。");
  }
}
