import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { heardOf, isoWithOffset, reading, sendingStamp, stamp } from "../src/field/clock";
import { DeskRepeats, Repeats } from "../src/field/repeat";
import type { Entry } from "../src/field/shelf";
import { shortName } from "../src/field/text";
import { canUndo } from "../src/field/undo";
import { uuid7 } from "../src/field/uuid7";

describe("taking back", () => {
  it("failure 26: is offered as long as the server allows it", () => {
    const [, minutes] = /UNDO_FOR: Final = timedelta\(minutes=(\d+)\)/.exec(readFileSync("../intake/checkin/stays.py", "utf8"))!;
    const at = Date.parse("2026-11-23T09:00:00+09:00");
    const op = { op_id: uuid7(), seq: 1, actor: 3, operation: 1, kind: "visit.arrive", v: 1, ...stamp(), t_wall: isoWithOffset(new Date(at)), lane: "", base: {}, payload: { volunteer: 7 }, mode: "offline" } as const;
    const entry = { op, result: null, verdict: { code: "ok", tone: "ok", title: "", say: "" } } as unknown as Entry;
    const end = at + Number(minutes) * 60_000;
    expect([canUndo(entry, end), canUndo(entry, end + 1)]).toEqual([true, false]);
  });
});

describe("uuid7", () => {
  it("has the version, the variant and the time, and never repeats", () => {
    const now = Date.now() + 1000;
    const ids = Array.from({ length: 10_000 }, () => uuid7(now));
    expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Number.parseInt(ids[0]!.replace("-", "").slice(0, 12), 16)).toBe(now);
  });

  it("sorts in the order of making, within a millisecond and when the clock is set back", () => {
    const now = Date.now() + 5000;
    const ids = [uuid7(now), uuid7(now), uuid7(now - 60_000), uuid7(now + 1)];
    expect([...ids].sort()).toEqual(ids);
  });
});

describe("clock", () => {
  it("writes the wall time with its offset, meaning the same moment", () => {
    const at = new Date("2026-11-23T08:57:03.120Z");
    const text = isoWithOffset(at);
    expect(text).toMatch(/^2026-11-2\dT\d\d:\d\d:03\.120[+-]\d\d:\d\d$/);
    expect(Date.parse(text)).toBe(at.getTime());
  });

  it("keeps one boot id and a clock that only goes forward", () => {
    const [a, b] = [stamp(), stamp()];
    expect(a.boot_id).toBe(b.boot_id);
    expect(b.t_mono).toBeGreaterThanOrEqual(a.t_mono);
    expect(sendingStamp().boot_id).toBe(a.boot_id);
  });

  it("hears the server's clock in the middle of a round, and not in one that was long or in which its own was set", () => {
    const asked = { wall: 1_000_000, mono: 500 };
    const said = "2026-11-23T08:57:03Z";
    const heard = heardOf(said, asked, { wall: 1_000_400, mono: 900 });
    expect(heard).toMatchObject({ at: Date.parse(said), wall: 1_000_200, mono: 700, boot_id: stamp().boot_id });
    expect(heardOf(said, asked, { wall: 1_007_000, mono: 7_500 })).toBeNull();
    expect(heardOf(said, asked, { wall: 4_600_400, mono: 900 })).toBeNull();
    expect(heardOf("", asked, reading())).toBeNull();
  });
});

describe("repeats", () => {
  it("takes a card that stays before the camera as one scan, and another card at once", () => {
    const repeats = new Repeats(4000);
    expect(repeats.isRepeat("A", 0)).toBe(false);
    expect([1000, 4900, 8800].map((now) => repeats.isRepeat("A", now))).toEqual([true, true, true]);
    expect(repeats.isRepeat("B", 8900)).toBe(false);
    expect(repeats.isRepeat("B", 12_901)).toBe(false);
  });

  it("lets go of what is not in view, and of a card that lies there only when it is away", () => {
    const repeats = new Repeats(4000);
    repeats.isRepeat("away", 0);
    repeats.isRepeat("there", 1500);
    repeats.release(2000, 1000);
    expect(["away", "there"].map((key) => repeats.isRepeat(key, 2000))).toEqual([false, true]);
    repeats.release(2000);
    expect(repeats.isRepeat("there", 2000)).toBe(false);
  });
});

describe("a reader", () => {
  it("reads the same card again at once when another was read in between, and not when it bounced", () => {
    const repeats = new Repeats(4000);
    const seen = ["a", "a", "b", "a"].map((card, i) => repeats.isRepeat(card, i * 500, true));
    expect(seen).toEqual([false, true, false, false]);
  });
});

describe("short names", () => {
  it.each([
    ["佐藤 花子", "佐藤 花…"],
    ["𠮷﨑　髙", "𠮷﨑 髙"],
    ["森 か\u3099く", "森 か\u3099…"],
    ["葛 葛\u{E0100}子", "葛 葛\u{E0100}…"],
    ["森 𠮷男", "森 𠮷…"],
    ["モノニム", "モノニム"],
    ["", ""],
  ])("%s → %s", (name, short) => expect(shortName(name)).toBe(short));
});

describe("two cards before one camera", () => {
  it("are two scans however long both lie there, and each may come again after it was away", () => {
    const repeats = new Repeats(4000);
    const seen = ["a", "b", "a", "b", "a", "b"].map((card, i) => repeats.isRepeat(card, i * 1500));
    expect(seen).toEqual([false, false, true, true, true, true]);
    expect(repeats.isRepeat("a", 6000 + 4001)).toBe(false);
  });
});

describe("a desk with a reader and a camera", () => {
  it("hears a card again when 帰り is chosen, but not one that still lies before the camera", () => {
    const repeats = new DeskRepeats();
    const seen = (way: "visit.arrive" | "visit.leave", input: "reader" | "camera"): boolean => repeats.isRepeat("a", way, input, 0);
    expect([seen("visit.arrive", "reader"), seen("visit.arrive", "reader"), seen("visit.leave", "reader")]).toEqual([false, true, false]);
    expect([seen("visit.arrive", "camera"), seen("visit.leave", "camera")]).toEqual([false, true]);
  });

  it("is told by a button to read again: also by the camera what is not before it any more", () => {
    const repeats = new DeskRepeats();
    const again = (text: string, now: number): boolean => repeats.isRepeat(text, "visit.arrive", "camera", now);
    again("away", 0);
    again("there", 1500);
    repeats.release(2000);
    expect(again("away", 2000)).toBe(true);
    repeats.releaseAll(3100);
    expect([again("there", 3100), repeats.isRepeat("there", "visit.arrive", "reader", 3100)]).toEqual([false, false]);
  });
});
