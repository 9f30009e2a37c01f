import { hashes, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

// On plain http there is no crypto.subtle at all, so the bundled verifier gets a bundled hash.
hashes.sha512 = sha512;

export type Verifier = (publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array) => Promise<boolean>;

/** The bundled verifier: for browsers without Ed25519 in WebCrypto, and for plain http. */
export const verifyBundled: Verifier = (publicKey, signature, message) => {
  try {
    return Promise.resolve(verify(signature, message, publicKey, { zip215: false }));
  } catch {
    return Promise.resolve(false); // a public key that is no point, a signature that is no number
  }
};

/** The browser's own verifier. Throws where the browser does not know Ed25519. */
export const verifyNative: Verifier = async (publicKey, signature, message) => {
  const key = await crypto.subtle.importKey("raw", own(publicKey), { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, key, own(signature), own(message));
};

let chosen: Promise<Verifier> | undefined;

/** Verify with what this browser has; which one is found out once, with a known signature. */
export const verifySignature: Verifier = async (publicKey, signature, message) => {
  chosen ??= chooseVerifier();
  return (await chosen)(publicKey, signature, message);
};

async function chooseVerifier(): Promise<Verifier> {
  return (await knowsEd25519()) ? verifyNative : verifyBundled;
}

/** Whether the browser itself verifies Ed25519, found out with a known signature. */
export async function knowsEd25519(): Promise<boolean> {
  if (!("crypto" in globalThis) || !("subtle" in crypto)) return false;
  try {
    // RFC 8032, test 1: the empty message.
    return await verifyNative(hex(RFC_KEY), hex(RFC_SIGNATURE), new Uint8Array());
  } catch {
    return false;
  }
}

const RFC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const RFC_SIGNATURE =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

/** Hex text to bytes. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes to hex text. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
