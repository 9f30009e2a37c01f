/*
 * The records of a tablet that reaches no server, as a file to be carried over (dvc/sync/queue_files.py). Encrypted to
 * the center's public key, which came with the snapshot: ECDH P-256, HKDF-SHA-256, AES-256-GCM.
 */
import type { Device, Op, Snapshot } from "./protocol";

const SEALED = "dvc-queue-1";
const PLAIN = "dvc-queue-1-plain";

/** Whether this page can encrypt: not on plain http, and not before the first snapshot. */
export function canEncrypt(snapshot: Snapshot | null, crypto: Crypto | undefined = globalThis.crypto): boolean {
  return Boolean(snapshot?.queue_key) && crypto?.subtle !== undefined;
}

/** The file's text. `ops`: everything a server may lack. Without a way to encrypt it is readable: say so before. */
export async function queueFile(device: Device, ops: readonly Op[], snapshot: Snapshot | null, issuer: number): Promise<string> {
  const content = { device_id: device.device_id, secret: device.secret, name: device.name, epoch: device.epoch, ops };
  const key = snapshot?.queue_key;
  if (!key || !canEncrypt(snapshot)) return JSON.stringify({ format: PLAIN, issuer, content });
  return JSON.stringify(await seal(JSON.stringify(content), key, issuer));
}

async function seal(text: string, publicKey: string, issuer: number): Promise<object> {
  const { subtle } = crypto;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await subtle.importKey("raw", bytes(publicKey), curve, false, []);
  const ours = (await subtle.generateKey(curve, false, ["deriveBits"])) as CryptoKeyPair;
  const ephemeral = new Uint8Array(await subtle.exportKey("raw", ours.publicKey));
  const shared = await subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
  const secret = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: ephemeral, info: new TextEncoder().encode("dvc queue") },
    secret, { name: "AES-GCM", length: 256 }, false, ["encrypt"],
  );
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(`${SEALED}.${issuer}`);
  const data = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, new TextEncoder().encode(text));
  return { format: SEALED, issuer, ephemeral: base64(ephemeral), iv: base64(iv), data: base64(new Uint8Array(data)) };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function base64(data: Uint8Array): string {
  let binary = "";
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < data.length; i += 0x8000) binary += String.fromCharCode(...data.subarray(i, i + 0x8000));
  return btoa(binary);
}
