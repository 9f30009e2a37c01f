import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DraftInHand } from "../src/field/survey_draft";
import { SurveyShelf, type Draft, type StoredPhoto } from "../src/field/survey_shelf";

const SENT = "b".repeat(64);
const EMPTY: Draft = { appointment: 5, need: 7, number: 12, operation: 1, form: {}, photos: [], signature: [], written: "" };
const PHOTO: StoredPhoto = {
  sent: SENT, operation: 1, bytes: new Uint8Array(10).buffer, ready: 0, uploadedAt: 0, generation: null, problem: "",
};

let shelf: SurveyShelf;
let hand: DraftInHand;
let said: string[];
let names = 0;

beforeEach(async () => {
  shelf = await SurveyShelf.open(`draft-${(names += 1)}`);
  said = [];
  hand = new DraftInHand(EMPTY, shelf, {
    writing: () => said.push("writing"),
    saved: () => said.push("saved"),
    failed: () => said.push("failed"),
  });
});

afterEach(() => shelf.close());

describe("a sheet in the hand", () => {
  it("keeps what was written while a photo went to the shelf", async () => {
    const keeping = hand.keepPhoto(PHOTO);
    hand.change({ signature: [[1, 2, 3, 4]] });
    await keeping;
    await hand.save();
    expect(await shelf.draft(5)).toMatchObject({ photos: [{ sent: SENT }], signature: [[1, 2, 3, 4]] });
    expect(await shelf.photo(SENT)).toBeDefined();
  });

  it("says that it is kept only when the newest is", async () => {
    hand.change({ form: { rooms: "2" } });
    const first = hand.save();
    hand.change({ form: { rooms: "3" } });
    await first;
    expect(said).not.toContain("saved");
    await hand.save();
    expect(said.at(-1)).toBe("saved");
    expect(await shelf.draft(5)).toMatchObject({ form: { rooms: "3" } });
  });

  it("never lays an older write over a newer one", async () => {
    await hand.keepPhoto(PHOTO);
    const saving = hand.save();
    const dropping = hand.dropPhoto(SENT);
    await Promise.all([saving, dropping]);
    expect(await shelf.draft(5)).toMatchObject({ photos: [] });
    expect(await shelf.photo(SENT)).toBeUndefined();
  });

  it("does not name a photo the shelf could not take", async () => {
    const large = { ...PHOTO, bytes: (() => undefined) as unknown as ArrayBuffer }; // not to be cloned: the write fails
    await expect(hand.keepPhoto(large)).rejects.toThrow();
    expect(hand.draft.photos).toEqual([]);
    expect(said).toContain("failed");
    expect(await shelf.draft(5)).toMatchObject({ photos: [] });
  });
});
