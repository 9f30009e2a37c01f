// @vitest-environment happy-dom
/* The reception's forms: one at a time over the panel, and what goes into them that is read meanwhile. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { displayShortCode, shortCode } from "../src/field/card";
import type { Question, WalkIn } from "../src/field/protocol";
import { ReceptionPage, cardId, cardText, closePages, snapshotOf } from "./reception_page";

afterEach(closePages);

const ASK: readonly Question[] = [{ code: "well", kind: "health", name: "", ask: "？", yes: "よい", no: "よくない" }];
const BLANK = "ab".repeat(16);
const FORMS = ["walkin", "search", "group", "questions"];

async function opened(): Promise<ReceptionPage> {
  const bare = await snapshotOf(["佐藤 花…"]);
  return ReceptionPage.open({ ...bare, operation: { ...bare.operation, questions: { ask: ASK, stop: "unanswered" } } });
}

const open = (desk: ReceptionPage): string[] => FORMS.filter((name) => !desk.part(name).hidden);

describe("the forms", () => {
  it("are open one at a time over the panel, which comes back when the last is closed", async () => {
    const desk = await opened();
    desk.read(await cardText(cardId(1)));
    await desk.shows("ok");
    for (const name of ["walkin", "search", "questions", "walkin"]) {
      desk.press(`[data-${name}-open]`);
      expect([open(desk), desk.part("verdict").hidden]).toEqual([[name], true]);
    }
    desk.press("[data-walkin-close]");
    expect([open(desk), desk.part("verdict").hidden]).toEqual([[], false]);
  });

  it("take a card that nobody is known to hold, and record nothing of it alone", async () => {
    const desk = await opened();
    for (const name of ["search", "walkin"]) {
      desk.press(`[data-${name}-open]`);
      desk.read(await cardText(BLANK));
      const code = displayShortCode(shortCode(BLANK));
      await vi.waitFor(() => expect(desk.part(`${name}-card`).textContent).toBe(`カード ${code} を渡します`));
      desk.press("[data-way='visit.leave']"); // or the same card would be a repeat
    }
    expect(await desk.recorded()).toEqual([]);
    const form = desk.part<HTMLFormElement>("walkin-form");
    form.querySelector<HTMLInputElement>("[name=family_name]")!.value = "遠藤";
    form.querySelector<HTMLInputElement>("[name=age][value=adult]")!.checked = true;
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    const [op] = await desk.records(1);
    expect([op?.kind, (op?.payload as WalkIn).family_name, op?.payload.card]).toEqual(["person.walk_in", "遠藤", await cardText(BLANK)]);
  });

  it("keep what is being written when its own button is pressed once more", async () => {
    const desk = await opened();
    desk.press("[data-walkin-open]");
    const name = desk.part("walkin-form").querySelector<HTMLInputElement>("[name=family_name]")!;
    name.value = "遠藤";
    desk.press("[data-walkin-open]");
    expect([open(desk), name.value]).toEqual([["walkin"], "遠藤"]);
    desk.press("[data-walkin-close]");
    desk.press("[data-walkin-open]");
    expect(name.value).toBe("");
  });

  it("keep somebody new who is half written down while another form is open", async () => {
    const desk = await opened();
    desk.press("[data-walkin-open]");
    const name = desk.part("walkin-form").querySelector<HTMLInputElement>("[name=family_name]")!;
    for (const other of ["search", "questions"]) {
      name.value = "遠藤";
      desk.press(`[data-${other}-open]`);
      desk.press(`[data-${other}-close]`);
      desk.press("[data-walkin-open]");
      expect([open(desk), name.value]).toEqual([["walkin"], "遠藤"]);
      expect(desk.part("walkin-say").textContent).toContain("書きかけの続きです。別の人なら");
    }
    desk.press("[data-walkin-close]");
    desk.press("[data-walkin-open]");
    expect([name.value, desk.part("walkin-say").textContent]).toEqual(["", ""]);
  });

  it("come back with what was written when the tablet cannot keep it", async () => {
    const desk = await opened();
    desk.press("[data-walkin-open]");
    const form = desk.part<HTMLFormElement>("walkin-form");
    const name = form.querySelector<HTMLInputElement>("[name=family_name]")!;
    name.value = "遠藤";
    form.querySelector<HTMLInputElement>("[name=age][value=adult]")!.checked = true;
    const full = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(desk.part("walkin-say").textContent).toContain("紙に名前と時刻を書いてください"));
    expect([open(desk), name.value, await desk.recorded()]).toEqual([["walkin"], "遠藤", []]);
    full.mockRestore();
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    const [op] = await desk.records(1);
    expect([(op?.payload as WalkIn).family_name, open(desk)]).toEqual(["遠藤", []]);
  });

  it("leave alone the card of somebody who is known: that person has come", async () => {
    const desk = await opened();
    desk.press("[data-walkin-open]");
    desk.read(await cardText(cardId(1)));
    const [op] = await desk.records(1);
    expect([op?.kind, open(desk), desk.part("walkin-card").textContent?.includes("を渡します")]).toEqual(["visit.arrive", ["walkin"], false]);
  });

  it("make way for the next card where nobody writes: the list of questions", async () => {
    const desk = await opened();
    desk.press("[data-questions-open]");
    desk.read(await cardText(cardId(1)));
    await desk.shows("ok");
    expect([open(desk), desk.verdict]).toEqual([[], "ok"]);
  });
});
