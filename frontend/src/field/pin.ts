/*
 * What a PIN and a badge come to. The same as intake/operators/services.py, held equal by a known answer in both tests.
 * scrypt from the bundled library and not WebCrypto: plain http has no crypto.subtle, and a tablet there needs a lock too.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hex, toHex } from "./ed25519";

const COST = { N: 2 ** 15, r: 8, p: 1, dkLen: 32 } as const;

/** 32 bytes; some tenths of a second, without freezing the screen. `cardId`: all 32 hex letters of the badge. */
export function pinKey(pin: string, cardId: string): Promise<Uint8Array> {
  return scryptAsync(new TextEncoder().encode(pin), hex(cardId), COST);
}

/** What this device compares with off-line. */
export function verifierOf(key: Uint8Array, deviceId: string): string {
  return bound(key, "tablet", deviceId);
}

/** What the server compares with. It cannot be made from the verifier that lies on the tablet. */
export function proofOf(key: Uint8Array, deviceId: string): string {
  return bound(key, "server", deviceId);
}

function bound(key: Uint8Array, what: string, deviceId: string): string {
  return toHex(hmac(sha256, key, new TextEncoder().encode(`${what}:${deviceId}`)));
}
