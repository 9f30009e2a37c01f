/* The tablet's preview against the table the server is held to (tests/dvc/sync/test_verdict_vectors.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PresenceList } from "../src/field/presence";
import { BLOCKED, GUARDIAN_CONSENT, INSURED, MINOR, NO_EMERGENCY, OLD_CONSENT, type Snapshot, type VisitKind } from "../src/field/protocol";
import type { Entry } from "../src/field/shelf";
import { preview, previewOf } from "../src/field/snapshot";

interface Case {
  readonly note: string;
  readonly kind: VisitKind;
  readonly person: { readonly insured?: boolean; readonly emergency?: boolean; readonly minor?: boolean; readonly consent?: boolean; readonly blocked?: boolean; readonly old_consent?: boolean };
  readonly operation?: { readonly insurance_required?: boolean; readonly is_open?: boolean; readonly mode?: string };
  readonly card?: "expired" | "last_day";
  readonly before: readonly VisitKind[];
  readonly sites?: readonly [string, string];
  readonly code: string;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), "utf8"));
const { cases } = read("verdicts.json") as { cases: Case[] };
const cards = read("cards.json") as {
  issuer: number;
  keys: { kid: number; public_key: string }[];
  cases: { note: string; text: string; card_id: string; short_code: string }[];
};
const [plain, ending] = ["plain", "with an end"].map((wanted) => cards.cases.find(({ note }) => note === wanted)!);
const LAST_DAY = "2027-03-31";
const DAYS = { expired: "2027-04-01", last_day: LAST_DAY };

function snapshotOf({ person, operation }: Case, card: { card_id: string; short_code: string }): Snapshot {
  const prefix = card.card_id.slice(0, 16);
  const flags =
    (person.insured === false ? 0 : INSURED) |
    (person.emergency === false ? NO_EMERGENCY : 0) |
    (person.minor ? MINOR : 0) |
    (person.consent ? GUARDIAN_CONSENT : 0) |
    (person.old_consent ? OLD_CONSENT : 0) |
    (person.blocked ? BLOCKED : 0);
  return {
    version: "v1",
    server_time: "2026-11-23T09:00:00+09:00",
    operation: {
      id: 1, name: "", mode: "disaster", mode_label: "", is_open: true, insurance_required: true, orientation_required: true, ...operation,
    },
    center: { id: 1, name: "", phone: "", issuer: cards.issuer },
    sites: [],
    keys: cards.keys,
    revoked: [],
    cards: { [prefix]: [7, "佐藤 花", "さとう は", flags, card === ending ? LAST_DAY : ""] },
    short_codes: { [card.short_code]: prefix },
    present: {},
    texts: {},
  };
}

describe("the table of verdicts", () => {
  it.each(cases.map((each) => [each.note, each] as const))("%s", async (_note, each) => {
    const card = each.card ? ending! : plain!;
    const snapshot = snapshotOf(each, card);
    const presence = new PresenceList();
    presence.reset(snapshot, []);
    const number = (name?: string): number | null => (name === undefined ? null : name.length + name.charCodeAt(0));
    const [before, site] = [number(each.sites?.[0]), number(each.sites?.[1])];
    each.before.forEach((kind, i) => {
      presence.note({ queued: 1, result: null, verdict: { volunteer: 7, tone: "ok", code: "ok" }, op: { op_id: String(i), kind, payload: { site: before } } } as unknown as Entry);
    });
    const now = { snapshot, presence, today: each.card ? DAYS[each.card] : "2026-11-23", site };
    const scanned = await preview({ card: card.text }, each.kind, now);
    expect(scanned.code).toBe(each.code);
    expect(await preview({ shortCode: card.short_code }, each.kind, now)).toEqual(scanned);
    // Picked from a list, they hear the same as by their card.
    if (!each.card) expect(previewOf({ volunteer: 7, name: "佐藤 花", kana: "さとう は" }, each.kind, { snapshot, presence, site })).toEqual(scanned);
  });
});
