import "fake-indexeddb/auto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PhotoSender } from "../src/field/photo_sender";
import { SurveyShelf, type Draft, type StoredPhoto } from "../src/field/survey_shelf";

const DEVICE = { device_id: "11", secret: "s3cret", name: "調査1番", epoch: 1 };
const SENT = "a".repeat(64);
const BYTES = new Uint8Array(1000).map((_, i) => i % 251).buffer;
const DRAFT: Draft = { appointment: 5, need: 7, number: 12, operation: 1, form: { rooms: "2" }, photos: [{ sent: SENT, caption: "部屋" }], signature: [], written: "" };
const PHOTO: StoredPhoto = { sent: SENT, operation: 1, bytes: BYTES, ready: 0, uploadedAt: 0, generation: null, problem: "" };

let shelf: SurveyShelf;
let names = 0;

beforeEach(async () => {
  shelf = await SurveyShelf.open(`survey-${(names += 1)}`);
  await shelf.keepPhoto(PHOTO, DRAFT);
});

afterEach(() => shelf.close());

describe("the survey's shelf", () => {
  it("keeps a sheet with its photos, and lets go of the draft only when it is finished", async () => {
    expect(await shelf.draft(5)).toEqual(DRAFT);
    expect(await shelf.photosToSend("1")).toEqual([]);
    await shelf.finish(DRAFT);
    expect(await shelf.draft(5)).toBeUndefined();
    expect((await shelf.photosToSend("1")).map(({ sent }) => sent)).toEqual([SENT]);
    await shelf.dropPhoto(SENT, DRAFT); // another sheet had the same photo
    expect(await shelf.photo(SENT)).toBeDefined();
  });

  it("throws a sheet away with the photos that are on no other", async () => {
    const other = { ...DRAFT, appointment: 6, photos: [{ sent: SENT, caption: "" }, { sent: "b".repeat(64), caption: "" }] };
    await shelf.keepPhoto({ ...PHOTO, sent: "b".repeat(64) }, other);
    await shelf.dropDraft(6);
    expect((await shelf.drafts()).map(({ appointment }) => appointment)).toEqual([5]);
    expect(await shelf.photo(SENT)).toBeDefined();
    expect(await shelf.photo("b".repeat(64))).toBeUndefined();
    await shelf.finish(DRAFT); // a photo of a finished sheet is the record's
    await shelf.keepDraft(DRAFT);
    await shelf.dropDraft(5);
    expect(await shelf.photo(SENT)).toBeDefined();
  });

  it("sends a photo again to a server that was restored from a backup", async () => {
    await shelf.finish(DRAFT);
    await shelf.changePhoto(SENT, { uploadedAt: 5, generation: "1" });
    expect(await shelf.photosToSend("1")).toEqual([]);
    expect(await shelf.photosToSend("2")).toHaveLength(1);
    await shelf.forgetUploaded(6);
    expect(await shelf.photo(SENT)).toBeUndefined();
  });

  it("forgets names and addresses of yesterday", async () => {
    const content = { day: "2026-07-18", visits: [] } as never;
    await shelf.keepDay({ operation: 1, actor: 3, on: "2026-07-18", etag: "x", content });
    expect(await shelf.day(1, 3, "2026-07-18")).not.toBeNull();
    expect(await shelf.day(1, 4, "2026-07-18")).toBeNull();
    expect(await shelf.day(1, 3, "2026-07-19")).toBeNull();
    await shelf.forgetDaysBefore("2026-07-19");
    expect(await shelf.day(1, 3, "2026-07-18")).toBeNull();
  });
});

describe("a photo on its way", () => {
  let server: Server;
  let url: string;
  let got: Buffer;
  let answer: (piece: Buffer, path: string) => number | "cut";

  beforeEach(async () => {
    await shelf.finish(DRAFT);
    got = Buffer.alloc(0);
    answer = () => 200;
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const piece = Buffer.concat(parts);
        const status = answer(piece, request.url ?? "");
        const offset = Number(new URL(request.url ?? "", "http://x").searchParams.get("offset"));
        if (request.method === "PUT" && offset === got.length && status !== 409) got = Buffer.concat([got, piece]);
        if (status === "cut") response.destroy();
        else response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(status === 409 ? { code: "photo.unreadable", text: "撮り直してください" } : { received: got.length, whole: got.length === 1000 }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/photos/`;
  });

  afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  it("goes in pieces, and on where it broke off, however often the answer is lost", async () => {
    let turn = 0;
    answer = () => ((turn += 1) % 3 === 2 ? "cut" : 200);
    const sender = new PhotoSender({ shelf, url, pieceBytes: 300 });
    let rounds = 0;
    while (!(await sender.send(DEVICE, "1")) && rounds < 20) rounds += 1;
    expect(Buffer.compare(got, Buffer.from(BYTES))).toBe(0);
    expect(rounds).toBeGreaterThan(0);
    expect(await shelf.photosToSend("1")).toEqual([]);
  });

  it("stays, with the server's sentence, when it is refused", async () => {
    answer = (piece) => (piece.length ? 409 : 200);
    expect(await new PhotoSender({ shelf, url }).send(DEVICE, "1")).toBe(true);
    expect((await shelf.photo(SENT))?.problem).toBe("撮り直してください");
    expect((await shelf.refusedPhotos()).map(({ sent }) => sent)).toEqual([SENT]);
    await shelf.forgetPhoto(SENT); // somebody has read it
    expect(await shelf.refusedPhotos()).toEqual([]);
  });

  it("stays without holding up another when a stopped tablet may not hand it over yet", async () => {
    await shelf.keepPhoto({ ...PHOTO, sent: "0".repeat(64) }, { ...DRAFT, photos: [{ sent: "0".repeat(64), caption: "" }] });
    await shelf.finish({ ...DRAFT, photos: [{ sent: "0".repeat(64), caption: "" }] });
    answer = (_, path) => (path.includes("0".repeat(64)) ? 403 : 200);
    expect(await new PhotoSender({ shelf, url }).send(DEVICE, "1")).toBe(false);
    expect((await shelf.photosToSend("1")).map(({ sent }) => sent)).toEqual(["0".repeat(64)]);
    expect(await shelf.refusedPhotos()).toEqual([]);
    got = Buffer.alloc(0);
    answer = () => 200; // its record has come
    expect(await new PhotoSender({ shelf, url }).send(DEVICE, "1")).toBe(true);
    expect(await shelf.photosToSend("1")).toEqual([]);
  });
});
