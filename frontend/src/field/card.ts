/* The signed text inside a QR card, and the short code under it. Layout: dvc/core/card_token.py. */
import { sha256 } from "@noble/hashes/sha2.js";
import { hex, toHex, verifySignature, type Verifier } from "./ed25519";
import { clean, foldLookalikes } from "./text";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX = "VC1";
const BODY_CHARS = 144;
const TOKEN_BYTES = 90;
const SIGNED_BYTES = 26;
const VERSION = 1;
const SHORT_LENGTH = 8;
const CHECK_MODULUS = 29;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2020, 0, 1);
const HYPHENS = /[-‐‑‒–—―−ー─]/g;

export const VOLUNTEER = 1;
export const STAFF = 2;
export const EQUIPMENT = 3;
export const GROUP = 5;
const PURPOSES = [1, 2, 3, 4, 5];

export type CardProblem = "unreadable" | "foreign" | "unknown_key" | "forged" | "wrong_purpose";

/** What a true card says. `prefix`: first 8 bytes of the card id, 16 hex letters. Days as YYYY-MM-DD. */
export interface CardToken {
  readonly kid: number;
  readonly purpose: number;
  readonly issued: string;
  readonly expires: string | null;
  readonly cardId: string;
  readonly prefix: string;
}

export type Reading = { readonly ok: true; readonly token: CardToken } | { readonly ok: false; readonly problem: CardProblem };

export interface Issuer {
  readonly issuer: number;
  readonly keys: readonly { readonly kid: number; readonly public_key: string }[];
}

/** Read any text. The first that holds: unreadable, foreign, unknown_key, forged, wrong_purpose; never throws. */
export async function readCard(
  text: string,
  from: Issuer,
  { purpose, verify = verifySignature }: { purpose?: number; verify?: Verifier } = {},
): Promise<Reading> {
  const raw = cardBytes(text);
  if (!raw || raw[0] !== VERSION) return bad("unreadable");
  const view = new DataView(raw.buffer);
  const kid = view.getUint8(1);
  if (view.getUint32(1) % 2 ** 24 !== from.issuer) return bad("foreign");
  const key = from.keys.find((each) => each.kid === kid);
  if (!key) return bad("unknown_key");
  if (!(await verify(hex(key.public_key), raw.slice(SIGNED_BYTES), raw.slice(0, SIGNED_BYTES)))) return bad("forged");
  const cardPurpose = view.getUint8(5);
  if (!PURPOSES.includes(cardPurpose) || (purpose !== undefined && purpose !== cardPurpose)) return bad("wrong_purpose");
  const cardId = toHex(raw.slice(10, SIGNED_BYTES));
  const expiry = view.getUint16(8);
  return {
    ok: true,
    token: {
      kid,
      purpose: cardPurpose,
      issued: day(view.getUint16(6)),
      expires: expiry ? day(expiry) : null,
      cardId,
      prefix: cardId.slice(0, 16),
    },
  };
}

/** Whether a text has the shape of a card; nothing is verified. */
export function looksLikeCard(text: string): boolean {
  return cardBytes(text) !== null;
}

/** The short code under the symbol of a card's text, or null when the text is no card. */
export function shortCodeOf(text: string): string | null {
  const raw = cardBytes(text);
  return raw ? shortCode(toHex(raw.slice(10, SIGNED_BYTES))) : null;
}

/** The 16 hex letters a tablet knows a card by, or null when the text is no card. */
export function cardPrefix(text: string): string | null {
  const raw = cardBytes(text);
  return raw ? toHex(raw.slice(10, 18)) : null;
}

/** What a card says it is, without asking whether that is true: `cardId` 32 hex letters, `prefix` their first 16. */
export function cardFace(text: string): { readonly purpose: number; readonly cardId: string; readonly prefix: string } | null {
  const raw = cardBytes(text);
  if (!raw || raw[0] !== VERSION) return null;
  const cardId = toHex(raw.slice(10, SIGNED_BYTES));
  return { purpose: raw[5] ?? 0, cardId, prefix: cardId.slice(0, 16) };
}

/** The eight letters under the symbol of a card (32 hex letters), without the hyphen. */
export function shortCode(cardId: string): string {
  const salted = new Uint8Array([...new TextEncoder().encode("short:"), ...hex(cardId)]);
  const digest = sha256(salted);
  let bits = 0n;
  for (const byte of digest.slice(0, 5)) bits = (bits << 8n) | BigInt(byte);
  bits >>= 5n;
  let body = "";
  for (let place = SHORT_LENGTH - 2; place >= 0; place -= 1) {
    body += CROCKFORD[Number((bits >> BigInt(5 * place)) & 31n)] ?? "";
  }
  return body + checkLetter(body);
}

/** Typed letters as the eight of a short code, or null: wrong letters, wrong length, or the check letter does not fit. */
export function readShortCode(text: string): string | null {
  const code = foldLookalikes(clean(text).replace(HYPHENS, ""));
  if (code.length !== SHORT_LENGTH || [...code].some((letter) => !CROCKFORD.includes(letter))) return null;
  return checkLetter(code.slice(0, -1)) === code.at(-1) ? code : null;
}

/** XXXX-XXXX, as it is printed. */
export function displayShortCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

function cardBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const cleaned = clean(text);
  if (!cleaned.startsWith(PREFIX)) return null;
  const body = foldLookalikes(cleaned.slice(PREFIX.length));
  if (body.length !== BODY_CHARS) return null;
  const bytes = new Uint8Array(TOKEN_BYTES);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of body) {
    const value = CROCKFORD.indexOf(letter);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  return bytes;
}

function checkLetter(body: string): string {
  const sum = [...body].reduce((total, letter, i) => total + CROCKFORD.indexOf(letter) * (i + 2), 0);
  return CROCKFORD[sum % CHECK_MODULUS] ?? "";
}

function day(number: number): string {
  return new Date(FIRST_DAY + number * DAY_MS).toISOString().slice(0, 10);
}

function bad(problem: CardProblem): Reading {
  return { ok: false, problem };
}
