// @vitest-environment happy-dom
/* What the tablet recorded, on its screen: what still needs a person, and when nobody need look any more. */
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { factOf } from "../src/field/facts";
import type { Kind, Payload, Result, Snapshot } from "../src/field/protocol";
import { QueueView } from "../src/field/queue_view";
import { Shelf, type Entry } from "../src/field/shelf";
import { say } from "../src/field/snapshot";

const PARTS = ["unsent", "unsent-count", "strip", "recent", "recent-empty", "look"];

let shelf: Shelf;
let page: HTMLElement;
let decided: string[];
let queue: QueueView;
const undo = vi.fn<(entry: Entry) => void>();

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  shelf = await Shelf.open();
  await shelf.register({ device_id: "d", secret: "s", name: "", epoch: 1 });
  page = document.createElement("div");
  page.innerHTML = PARTS.map((name) => `<div data-${name}></div>`).join("");
  document.body.replaceChildren(page);
  decided = [];
  queue = new QueueView(page, shelf, () => ({ settled: decided }) as unknown as Snapshot, undo);
});

const part = (name: string): HTMLElement => page.querySelector<HTMLElement>(`[data-${name}]`)!;

async function record(kind: Kind, payload: Payload, answer?: Partial<Result>): Promise<Entry> {
  const verdict = say(null, "recorded");
  const { op_id, seq } = await shelf.append(factOf(kind, payload, verdict, { actor: null, operation: 1, online: true }), verdict);
  if (answer) await shelf.settle([{ op_id, seq, status: "applied", code: "ok", tone: "ok", title: "", text: "", data: {}, ...answer }], "1", 0);
  return (await shelf.entry(op_id))!;
}

const waits = (card: string, more: Partial<Result> = {}): Promise<Entry> => record("visit.arrive", { card }, { status: "held", tone: "warn", code: "unbound_card", ...more });

describe("a record that waits for its card to be given", () => {
  it("needs nobody any more once somebody holds that card; others go on waiting", async () => {
    await waits("A");
    const other = await waits("B");
    await queue.draw();
    expect(part("look").textContent).toContain("2件");
    await queue.letGoOfCards([await record("card.bind", { card: "A", volunteer: 1 }, {})]);
    expect(part("look").textContent).toContain("1件");
    expect((await shelf.toLookAt()).map(({ op_id }) => op_id)).toEqual([other.op_id]);
  });

  it("needs nobody any more also when the first answer to it was lost on the way", async () => {
    await waits("A", { status: "replayed", was: "held" });
    await queue.letGoOfCards([await record("card.bind", { card: "A", volunteer: 1 }, {})]);
    expect(await shelf.toLookAt()).toEqual([]);
  });

  it("goes on waiting when the giving was refused, or was of no card", async () => {
    await waits("A");
    await queue.letGoOfCards([await record("card.bind", { card: "A", volunteer: 1 }, { status: "refused", tone: "stop" }), await record("person.walk_in", { guest: "g" }, {})]);
    expect((await shelf.toLookAt()).some(({ op }) => op.kind === "visit.arrive")).toBe(true);
  });
});

describe("the list", () => {
  it("asks nobody to look at what the desk has decided, and says so", async () => {
    const { op_id } = await waits("A");
    await queue.draw();
    expect(part("look").hidden).toBe(false);
    decided = [op_id];
    await queue.letGoOfDecided();
    expect(part("look").hidden).toBe(true);
    expect(part("recent").textContent).toContain("確かめ済み");
  });

  it("lets go of a record somebody has seen, and counts what is not sent", async () => {
    await waits("A");
    await record("visit.arrive", { volunteer: 3 });
    await queue.draw();
    expect([part("unsent-count").textContent, part("unsent").dataset["some"]]).toEqual(["1", "yes"]);
    part("recent").querySelector<HTMLElement>(".t-row__seen")!.click();
    await vi.waitFor(() => expect(part("look").hidden).toBe(true));
    expect(part("recent").querySelectorAll("li").length).toBe(2);
  });

  it("takes back the record whose button is pressed", async () => {
    const { op_id } = await record("visit.arrive", { volunteer: 3 }, {});
    await queue.draw();
    part("recent").querySelector<HTMLElement>(".t-row__undo")!.click();
    expect(undo.mock.lastCall?.[0].op_id).toBe(op_id);
  });
});
