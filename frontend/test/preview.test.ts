import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PresenceList } from "../src/field/presence";
import type { VisitKind as Kind, Snapshot, Tone } from "../src/field/protocol";
import type { Entry } from "../src/field/shelf";
import { preview, type Presence, type Subject } from "../src/field/snapshot";

const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/cards.json", import.meta.url), "utf8")) as {
  issuer: number;
  keys: { kid: number; public_key: string }[];
  cases: { note: string; text: string; card_id: string; short_code: string }[];
};
const named = (note: string) => vectors.cases.find((each) => each.note === note)!;
const card = named("plain");
const prefix = card.card_id.slice(0, 16);
const TONES = {
  ok: ["ok", "ok_again", "annulled", "ok_left", "ok_oriented", "ok_insured"],
  warn: ["recorded", "unverified_card", "guardian_required", "insurance_missing", "incomplete", "already_present", "not_present"],
  stop: ["revoked", "blocked", "expired_card", "foreign_card", "forged_card", "wrong_purpose", "unreadable"],
};
const words = (tone: Tone, title: string) => ({ tone, title, say: `${title}。` });

function snapshot(flags = 0, more: Partial<Snapshot> = {}): Snapshot {
  return {
    version: "v1",
    server_time: "2026-11-23T09:00:00+09:00",
    operation: { id: 1, name: "", mode: "disaster", mode_label: "", is_open: true, insurance_required: true, orientation_required: true },
    center: { id: 1, name: "", phone: "", issuer: vectors.issuer },
    sites: [],
    keys: vectors.keys,
    revoked: [],
    cards: { [prefix]: [7, "佐藤 花", "さとう は", flags] },
    short_codes: { [card.short_code]: prefix },
    present: {},
    texts: Object.fromEntries(Object.entries(TONES).flatMap(([tone, codes]) => codes.map((code) => [code, words(tone as Tone, code)]))),
    ...more,
  };
}

const nobody: Presence = { has: () => false };
const look = (subject: Subject, kind: Kind = "visit.arrive", with_: Snapshot | null = snapshot(), presence = nobody) =>
  preview(subject, kind, { snapshot: with_, presence, today: "2026-11-23" });

describe("the tablet's own look", () => {
  it("is green only for a card that is signed, bound and known, and names the person", async () => {
    const verdict = await look({ card: card.text }, "visit.arrive", snapshot(1));
    expect([verdict.code, verdict.tone, verdict.name, verdict.volunteer]).toEqual(["ok", "ok", "佐藤 花", 7]);
    expect(verdict.todo.map((each) => each.code)).toEqual(["orientation"]);
    expect(await look({ card: card.text })).toMatchObject({ code: "insurance_missing", tone: "warn", name: "佐藤 花" });
  });

  it("is amber for a signed card that it does not know, and when it has no snapshot at all", async () => {
    expect((await look({ card: named("signed with the next key").text })).code).toBe("recorded");
    // Of a key that came after its snapshot it does not say that the card is false.
    const { kid } = vectors.keys[0]!;
    expect(await look({ card: card.text }, "visit.arrive", snapshot(1, { keys: vectors.keys.filter((key) => key.kid !== kid) }))).toMatchObject({ code: "unverified_card", tone: "warn", name: "" });
    expect(await look({ card: card.text }, "visit.arrive", null)).toMatchObject({ code: "recorded", tone: "warn", name: "" });
  });

  it.each([
    ["another center's card", "foreign_card"],
    ["another center's card with a key id of ours", "foreign_card"],
    ["last letter changed", "forged_card"],
    ["half read", "unreadable"],
    ["vehicle card at the door", "wrong_purpose"],
  ])("is red for %s", async (note, code) => {
    expect(await look({ card: named(note).text })).toMatchObject({ code, tone: "stop", name: "" });
  });

  it("is red for a revoked card, a blocked person (without the name) and a card past its end", async () => {
    expect((await look({ card: card.text }, "visit.arrive", snapshot(0, { revoked: [prefix] }))).code).toBe("revoked");
    expect(await look({ card: card.text }, "visit.arrive", snapshot(16))).toMatchObject({ code: "blocked", name: "" });
    const old = await preview({ card: named("with an end").text }, "visit.arrive", { snapshot: snapshot(), presence: nobody, today: "2027-04-01" });
    expect(old.code).toBe("expired_card");
  });

  it("asks only for what is missing", async () => {
    expect((await look({ card: card.text }, "visit.arrive", snapshot(1 | 2))).todo).toEqual([]);
    expect((await look({ card: card.text }, "visit.arrive", snapshot(1 | 2 | 4))).todo.map((each) => each.code)).toEqual(["guardian"]);
  });

  it("finds a typed short code", async () => {
    expect((await look({ shortCode: card.short_code })).name).toBe("佐藤 花");
    expect((await look({ shortCode: "00000000" })).code).toBe("recorded");
  });

  it("knows who is here from the snapshot and from its own records since", async () => {
    const presence = new PresenceList();
    const entry = (kind: Kind, t_wall: string) =>
      ({ queued: 1, result: null, verdict: { volunteer: 7 }, op: { kind, t_wall, payload: {}, op_id: t_wall } }) as unknown as Entry;
    presence.reset(snapshot(0, { present: { "7": "2026-11-23T08:00:00+09:00" } }), []);
    expect((await look({ card: card.text }, "visit.arrive", snapshot(), presence)).code).toBe("already_present");
    presence.note(entry("visit.leave", "2026-11-23T09:10:00+09:00"));
    expect((await look({ card: card.text }, "visit.leave", snapshot(), presence)).code).toBe("already_left");
    presence.reset(snapshot(), [entry("visit.arrive", "2026-11-23T09:20:00+09:00")]);
    expect((await look({ card: card.text }, "visit.leave", snapshot(), presence)).code).toBe("ok_left");
  });

  it("counts somebody written down here once, also when the snapshot was made before the answer came", () => {
    const presence = new PresenceList();
    const today = { day: "2026-11-23", arrived: 1, left: [] };
    const walkIn = {
      result: { tone: "ok", code: "ok", data: { volunteer: 9 } }, verdict: { guest: "g-1", volunteer: null, tone: "ok", code: "ok" },
      op: { kind: "person.walk_in", op_id: "1", payload: { guest: "g-1" } },
    } as unknown as Entry;
    presence.reset(snapshot(0, { today, present: { "9": "2026-11-23T09:00:00+09:00" } }), [walkIn], "2026-11-23");
    expect(presence.arrived).toBe(1);
    presence.reset(snapshot(0, { today: { ...today, arrived: 0 } }), [walkIn], "2026-11-23");
    expect(presence.arrived).toBe(1);
  });

  it("counts somebody written down here once, also when the answer comes after the snapshot that has them", () => {
    const presence = new PresenceList();
    const sent = {
      result: null, verdict: { guest: "g-1", volunteer: null, tone: "ok", code: "ok" },
      op: { kind: "person.walk_in", op_id: "1", payload: { guest: "g-1" } },
    } as unknown as Entry;
    const has = snapshot(0, { today: { day: "2026-11-23", arrived: 1, left: [] }, present: { "9": "2026-11-23T09:00:00+09:00" } });
    presence.reset(has, [sent], "2026-11-23"); // nobody can say yet that 9 is who was written down
    presence.note({ ...sent, result: { tone: "ok", code: "ok", data: { volunteer: 9 } } } as unknown as Entry);
    expect(presence.arrived).toBe(1);
    presence.note({ result: null, verdict: { guest: "g-1" }, op: { kind: "visit.undo", op_id: "2", payload: { op: "1", of: "person.walk_in" } } } as unknown as Entry);
    expect(presence.arrived).toBe(0);
  });

  it("counts an arrival once whose answer comes after the snapshot that has it, and one that is taken back not at all", () => {
    const presence = new PresenceList();
    const sent = {
      result: null, verdict: { volunteer: 7, tone: "ok", code: "ok" }, op: { kind: "visit.arrive", op_id: "1", payload: {} },
    } as unknown as Entry;
    const undo = { result: null, verdict: { volunteer: 7 }, op: { kind: "visit.undo", op_id: "2", payload: { op: "1", of: "visit.arrive" } } };
    const has = snapshot(0, { today: { day: "2026-11-23", arrived: 1, left: [] }, present: { "7": "2026-11-23T09:00:00+09:00" } });
    presence.reset(has, [sent], "2026-11-23");
    expect(presence.arrived).toBe(1);
    presence.note({ ...sent, result: { tone: "ok", code: "ok", data: { volunteer: 7 } } } as unknown as Entry);
    expect(presence.arrived).toBe(1);
    presence.note(undo as unknown as Entry);
    expect([presence.arrived, presence.has(7)]).toEqual([0, false]);
  });

  it("counts of a group whom the server counted, once it has answered", () => {
    const presence = new PresenceList();
    const op = { kind: "group.arrive", op_id: "g", payload: { group: 5, members: [7, 8, 9], extra: 0 } };
    const told = { result: null, verdict: { tone: "ok", code: "group_arrived" }, op } as unknown as Entry;
    // 7 came in at another gate; 8 was merged into 3 since.
    const answered = { ...told, result: { tone: "ok", code: "group_arrived", data: { volunteers: [3, 9] } } } as unknown as Entry;
    const today = { day: "2026-11-23", arrived: 1, left: [] };
    presence.reset(snapshot(0, { today }), [told], "2026-11-23");
    expect(presence.arrived).toBe(4);
    presence.note(answered);
    presence.note(answered);
    expect([presence.arrived, presence.has(3), presence.has(7)]).toEqual([3, true, true]);
    const later = { "3": "", "7": "", "9": "" };
    presence.reset(snapshot(0, { today: { ...today, arrived: 3 }, present: later }), [answered], "2026-11-23");
    expect(presence.arrived).toBe(3);
  });
});
