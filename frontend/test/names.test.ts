/* A typed name: whom the tablet takes it for, and where it keeps quiet. */
import { describe, expect, it } from "vitest";
import { looksLikeName, peopleCalled, settles } from "../src/field/names";
import { BLOCKED, type CardRow, type Snapshot } from "../src/field/protocol";

const rows: CardRow[] = [
  [1, "佐藤 花…", "さとう は…", 0],
  [2, "佐藤 一…", "さとう い…", 0],
  [3, "佐藤田 花…", "さとうだ は…", 0],
  [4, "佐藤 止…", "さとう と…", BLOCKED],
  [5, "Nguyen V…", "", 0],
];
const snapshot = { cards: Object.fromEntries(rows.map((row, i) => [`${i}`.padStart(16, "0"), row])), short_codes: {}, revoked: [] } as unknown as Snapshot;
const called = (text: string) => peopleCalled(snapshot, text).map(({ volunteer }) => volunteer);

describe("a typed name", () => {
  it.each([
    ["さとう", [2, 1]],
    ["サトウ", [2, 1]],
    ["ｻﾄｳ　はなこ", [1]],
    ["佐藤花子", [1]],
    ["さと", []],
    ["とう", []],
    ["すずき", []],
    ["", []],
    ["　", []],
  ])("%j means %j", (text, people) => expect(called(text)).toEqual(people));

  it.each([
    ["佐藤", false],
    ["さとう", false],
    ["佐藤花子", true],
    ["サトウ ハ", true],
  ])("%j alone settles who it is, as far as the tablet can tell: %j", (text, settled) =>
    expect(settles(text, { volunteer: 1, name: "佐藤 花…", kana: "さとう は…" })).toBe(settled),
  );

  it("of one word is whole", () => expect(settles("マドンナ", { volunteer: 1, name: "マドンナ", kana: "" })).toBe(true));

  it("is told from a code by its letters", () => {
    expect(["さとう", "佐藤", "ｻﾄｳ"].every(looksLikeName)).toBe(true);
    expect(["AB3D-7K2M", "ab3d", "090", ""].some(looksLikeName)).toBe(false);
  });

  it("means nobody without a snapshot", () => expect(peopleCalled(null, "さとう")).toEqual([]));
});
