import { describe, expect, it } from "vitest";
import type { Op, Snapshot } from "../src/field/protocol";
import { canEncrypt, queueFile } from "../src/field/queue_file";

const DEVICE = { device_id: "11111111-1111-4111-8111-111111111111", secret: "s3cret", name: "受付1番", epoch: 1 };
const OPS = [{ op_id: "a", seq: 1, payload: { card: "VC1" } }] as unknown as Op[];

async function pair() {
  return crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
}
const b64 = (data: ArrayBuffer): string => Buffer.from(data).toString("base64");
const from = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));

async function opened(file: string, privateKey: CryptoKey): Promise<unknown> {
  const { ephemeral, iv, data, issuer } = JSON.parse(file) as { ephemeral: string; iv: string; data: string; issuer: number };
  const theirs = await crypto.subtle.importKey("raw", from(ephemeral), { name: "ECDH", namedCurve: "P-256" }, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: from(ephemeral), info: Buffer.from("dvc queue") },
    secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"],
  );
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: from(iv), additionalData: Buffer.from(`dvc-queue-1.${issuer}`) }, key, from(data));
  return JSON.parse(new TextDecoder().decode(text));
}

describe("the file of a tablet that reaches no server", () => {
  it("opens with the center's private key and with no other, and shows nothing before", async () => {
    const ours = await pair();
    const snapshot = { queue_key: b64(await crypto.subtle.exportKey("raw", ours.publicKey)) } as Snapshot;
    const many = Array.from({ length: 3000 }, (_, i) => ({ ...OPS[0]!, seq: i + 1 }));
    const file = await queueFile(DEVICE, many, snapshot, 7);
    expect(file).not.toContain("s3cret");
    expect(await opened(file, ours.privateKey)).toEqual({ ...DEVICE, ops: many });
    await expect(opened(file, (await pair()).privateKey)).rejects.toThrow();
  });

  it("is readable where the page cannot encrypt, and the page can say so before", async () => {
    expect(canEncrypt(null)).toBe(false);
    expect(canEncrypt({ queue_key: "x" } as Snapshot, {} as Crypto)).toBe(false);
    expect(canEncrypt({ queue_key: "x" } as Snapshot)).toBe(true);
    expect(JSON.parse(await queueFile(DEVICE, OPS, null, 7))).toEqual({ format: "dvc-queue-1-plain", issuer: 7, content: { ...DEVICE, ops: OPS } });
  });
});
