// @vitest-environment happy-dom
/* Whose turn the panel is, and what is chosen beside it. */
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { factOf } from "../src/field/facts";
import { entryMark, type PanelActs } from "../src/field/panel";
import { Shelf, type Entry } from "../src/field/shelf";
import { say } from "../src/field/snapshot";
import { VerdictPanel } from "../src/field/verdict_panel";
import { WayChoice } from "../src/field/way";

const nothing = (): undefined => undefined;
const none = (): null => null;
const ACTS: PanelActs = { act: nothing, undo: nothing, walkIn: nothing, give: nothing, same: nothing, pick: nothing, group: none, questions: none };
const verdict = (name: string) => ({ ...say(null, "recorded"), name });

let page: HTMLElement;
let panel: VerdictPanel;
let shelf: Shelf;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  shelf = await Shelf.open();
  await shelf.register({ device_id: "d", secret: "s", name: "", epoch: 1 });
  page = document.createElement("div");
  page.innerHTML = "<section data-verdict></section><p data-live></p>";
  panel = new VerdictPanel(page, ACTS);
});

const recorded = (name: string): Promise<Entry> =>
  shelf.append(factOf("visit.arrive", { volunteer: 1 }, verdict(name), { actor: null, operation: 1, online: false }), verdict(name));
const shown = (): string | null | undefined => page.querySelector(".t-verdict__name")?.textContent;

describe("the panel", () => {
  it("stays with the card that was read last, however late the one before it is judged", () => {
    const [first, second] = [panel.next(), panel.next()];
    panel.show({ verdict: verdict("鈴木"), entry: null }, second);
    panel.show({ verdict: verdict("佐藤"), entry: null }, first);
    expect(shown()).toContain("鈴木");
    expect(page.querySelector("[data-live]")?.textContent).toContain("鈴木さん");
  });

  it("knows what it says of a record, and of no other", async () => {
    const [before, now] = [await recorded("佐藤"), await recorded("鈴木")];
    panel.show({ verdict: now.verdict, entry: now });
    expect([panel.saysOf(now)?.name, panel.saysOf(before)]).toEqual(["鈴木", undefined]);
  });

  it("follows its record from the tablet to the server", async () => {
    const entry = await recorded("佐藤");
    panel.show({ verdict: entry.verdict, entry });
    expect(panel.section.dataset["state"]).toBe("saved");
    shelf.markSent([entry.op_id], true);
    await panel.follow(shelf);
    expect(panel.section.dataset["state"]).toBe("sent");
    // Nobody has answered: it is on its way, and counts among what is not sent.
    expect(page.querySelector("[aria-current=step]")?.textContent).toBe("送信中");
  });

  it("says of what could not be read that nothing is recorded, and not how far that has come", async () => {
    const unreadable = { ...say(null, "unreadable") };
    const fact = factOf("scan.failed", { raw: "https://example.com/", code: "unreadable" }, unreadable, { actor: null, operation: 1, online: false });
    const failed = await shelf.append(fact, unreadable);
    panel.show({ verdict: failed.verdict, entry: failed });
    expect(page.textContent).toContain("まだ記録していません");
    expect(page.textContent).not.toContain("確定");
    expect(entryMark(failed).textContent).toBe("記録なし");
    const came = await recorded("佐藤");
    panel.show({ verdict: came.verdict, entry: came }, panel.next());
    expect(page.querySelector("[aria-current=step]")?.textContent).toBe("端末に保存");
    expect(entryMark(came).textContent).toBe("端末に保存");
  });

  it("does not go back to a record when another card comes while it is looked up", async () => {
    const [before, now] = [await recorded("佐藤"), await recorded("鈴木")];
    panel.show({ verdict: before.verdict, entry: before });
    shelf.markSent([before.op_id], true);
    const following = panel.follow(shelf);
    panel.show({ verdict: now.verdict, entry: now }, panel.next());
    await following;
    expect(shown()).toContain("鈴木");
  });
});

describe("what is recorded now", () => {
  const chosen = (): string[] => [...page.querySelectorAll<HTMLElement>("[aria-pressed=true]")].map((each) => each.dataset["way"]!);

  beforeEach(() => {
    sessionStorage.clear();
    page.innerHTML = ["visit.arrive", "visit.orient", "visit.leave"].map((way) => `<button data-way="${way}"></button>`).join("");
  });

  it("is 到着 at first, and whatever is pressed", () => {
    const way = new WayChoice(page, sessionStorage);
    expect([way.now, chosen()]).toEqual(["visit.arrive", ["visit.arrive"]]);
    page.querySelector<HTMLElement>("[data-way='visit.leave']")!.click();
    expect([way.now, chosen(), page.dataset["wayNow"]]).toEqual(["visit.leave", ["visit.leave"], "visit.leave"]);
  });

  it("comes back once after changing over to a new release, and is 到着 the next time", () => {
    const way = new WayChoice(page, sessionStorage);
    way.choose("visit.leave");
    way.keep();
    expect(new WayChoice(page, sessionStorage).now).toBe("visit.leave");
    expect(new WayChoice(page, sessionStorage).now).toBe("visit.arrive");
  });

  it("is nothing that this release does not know", () => {
    sessionStorage.setItem("way-before-update", "visit.sleep");
    expect(new WayChoice(page, sessionStorage).now).toBe("visit.arrive");
  });
});
