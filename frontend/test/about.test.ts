import { describe, expect, it } from "vitest";
import { subjectOf } from "../src/field/about";
import { stamp } from "../src/field/clock";
import type { Kind, Payload, ResultData } from "../src/field/protocol";
import type { Entry } from "../src/field/shelf";
import { say } from "../src/field/snapshot";

function entry(kind: Kind, payload: Payload, data?: ResultData): Entry {
  const op = { op_id: "o", seq: 1, actor: null, operation: 1, kind, v: 1, ...stamp(), lane: "", base: {}, payload, mode: "online" } as const;
  const result = data ? ({ op_id: "o", seq: 1, status: "applied", code: "ok", tone: "ok", title: "", text: "", data } as const) : null;
  return { op_id: "o", seq: 1, op, verdict: say(null, "recorded"), state: "saved", queued: 1, look: 0, result };
}

describe("another fact about the person of an op", () => {
  it.each<[string, Entry, Payload]>([
    ["their card", entry("visit.arrive", { card: "VC1", input: "reader" }, { volunteer: 7 }), { card: "VC1" }],
    ["their short code", entry("visit.arrive", { short_code: "AB12" }), { short_code: "AB12" }],
    ["the tablet's own name for whoever was written down, whatever card they were given", entry("person.walk_in", { guest: "g", card: "VC1" }, { volunteer: 7 }), { guest: "g" }],
    ["whoever was picked from a list", entry("visit.arrive", { volunteer: 7, input: "list" }), { volunteer: 7 }],
    ["the typed name as long as nobody knows who that is", entry("visit.arrive", { name: "さとう" }), { name: "さとう" }],
    ["whom the server found by a typed name", entry("visit.arrive", { name: "さとう" }, { volunteer: 7 }), { volunteer: 7 }],
    ["whose fact was taken back", entry("visit.undo", { op: "x", of: "visit.arrive" }, { volunteer: 7 }), { volunteer: 7 }],
  ])("names %s", (_, about, subject) => {
    expect(subjectOf(about)).toEqual(subject);
  });
});
