import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cardPrefix, looksLikeCard, readCard, readShortCode, shortCode } from "../src/field/card";
import { verifyBundled, verifyNative, type Verifier } from "../src/field/ed25519";

interface Case {
  note: string;
  text: string;
  repeat: number;
  asked_purpose: number | null;
  expect: string;
  card_id: string | null;
  purpose: number | null;
  issued: string | null;
  expires: string | null;
  short_code: string | null;
}
interface Vectors {
  issuer: number;
  keys: { kid: number; public_key: string }[];
  cases: Case[];
  short_codes: { note: string; typed: string; code: string | null }[];
}
const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/cards.json", import.meta.url), "utf8")) as Vectors;
const verifiers: [string, Verifier][] = [
  ["WebCrypto", verifyNative],
  ["the bundled verifier", verifyBundled],
];

describe.each(verifiers)("cards as the server reads them, with %s", (_name, verify) => {
  it.each(vectors.cases)("$note: $expect", async ({ text, repeat, asked_purpose, ...wanted }) => {
    const reading = await readCard(text.repeat(repeat), vectors, {
      verify,
      ...(asked_purpose === null ? {} : { purpose: asked_purpose }),
    });
    expect(reading.ok ? "ok" : reading.problem).toBe(wanted.expect);
    if (!reading.ok) return;
    const { cardId, prefix, purpose, issued, expires } = reading.token;
    expect({ cardId, purpose, issued, expires }).toEqual({
      cardId: wanted.card_id, purpose: wanted.purpose, issued: wanted.issued, expires: wanted.expires,
    });
    expect(prefix).toBe(wanted.card_id?.slice(0, 16));
    expect(shortCode(cardId)).toBe(wanted.short_code);
    expect(cardPrefix(text)).toBe(prefix);
    expect(looksLikeCard(text)).toBe(true);
  });
});

describe("short codes as the server reads them", () => {
  it.each(vectors.short_codes)("$note", ({ typed, code }) => {
    expect(readShortCode(typed)).toBe(code);
  });
});

it("answers false, not an error, for keys and signatures that are no points", async () => {
  const zeros = new Uint8Array(32).fill(255);
  expect(await verifyBundled(zeros, new Uint8Array(64), new Uint8Array(1))).toBe(false);
});
