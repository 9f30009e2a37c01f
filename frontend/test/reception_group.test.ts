// @vitest-environment happy-dom
/* A group at the reception: its form, and what goes on beside it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { shortCode } from "../src/field/card";
import { localDay } from "../src/field/facts";
import { BLOCKED, type GroupPayload, type Snapshot } from "../src/field/protocol";
import { ReceptionPage, SHEET_ID, cardId, cardText, closePages, snapshotOf } from "./reception_page";

const members = [[1, "佐藤 花…", "さとう"], [2, "鈴木 一…", "すずき"], [3, "髙橋 𠮷…", "たかはし"]] as const;
const groups = [{ id: 5, name: "桜木町内会", sheet: SHEET_ID.slice(0, 16), members }];
const NAMES = [...members.map(([, name]) => name), "遠藤 実…", "田中 薫…"];

async function opened(more: Partial<Snapshot> = {}): Promise<ReceptionPage> {
  return ReceptionPage.open(await snapshotOf(NAMES, { groups, ...more }));
}

const sheet = (): Promise<string> => cardText(SHEET_ID, 5);

async function withSheet(more: Partial<Snapshot> = {}, way = "[data-way='visit.arrive']"): Promise<ReceptionPage> {
  const desk = await opened(more);
  desk.press(way);
  desk.read(await sheet());
  await desk.formIs(true);
  return desk;
}

afterEach(closePages);

describe("the form of a group", () => {
  it.each([["[data-way='visit.arrive']", "[data-way='visit.leave']", "group.arrive"], ["[data-way='visit.leave']", "[data-way='visit.orient']", "group.leave"]])(
    "records what its button says, whatever is chosen beside it (%s, then %s)",
    async (way, other, kind) => {
      const desk = await withSheet({}, way);
      const says = desk.part("group-done").textContent;
      desk.press(other);
      expect(desk.part("group-done").textContent).toBe(says);
      desk.press("[data-group-done]");
      const [op] = await desk.records(1);
      expect([op?.kind, (op?.payload as GroupPayload).members]).toEqual([kind, [1, 2, 3]]);
    },
  );

  it("counts whoever reads a card after the headcount once: named now, nameless before", async () => {
    const desk = await withSheet();
    desk.press("[data-group-step='1']");
    desk.press("[data-group-step='1']");
    expect(desk.part("group-done").textContent).toBe("5人を受付する");
    desk.read(await cardText(cardId(4)));
    await vi.waitFor(() => expect(desk.part("group-say").textContent).toBe("遠藤 実… さんを入れました。名簿にない人を1人減らして、1人にしました。"));
    expect(desk.part("group-done").textContent).toBe("5人を受付する");
    desk.read(await cardText(cardId(1)));
    await vi.waitFor(() => expect(desk.part("group-say").textContent).toBe("佐藤 花… さんを入れました。"));
    desk.press("[data-group-done]");
    const [op] = await desk.records(1);
    expect(op?.payload).toMatchObject({ members: [1, 2, 3, 4], extra: 1 });
  });

  it("never says that nobody comes: there is no button for that", async () => {
    const desk = await withSheet();
    for (const tick of desk.part("group-list").querySelectorAll("input")) tick.click();
    const done = desk.part<HTMLButtonElement>("group-done");
    expect([done.textContent, done.disabled]).toEqual(["来た人に印をつけてください", true]);
    desk.press("[data-group-step='1']");
    expect([done.textContent, done.disabled]).toEqual(["1人を受付する", false]);
    desk.press("[data-group-done]");
    await desk.shows("group_arrived");
    expect(desk.part("verdict-body").textContent).toContain("桜木町内会：名簿にない人1人。");
  });

  it("takes home people without names although nobody is ticked", async () => {
    const desk = await withSheet({}, "[data-way='visit.leave']");
    for (const tick of desk.part("group-list").querySelectorAll("input")) tick.click();
    expect(desk.part("group-done").textContent).toBe("団体の帰りを記録する");
    desk.press("[data-group-done]");
    await desk.shows("group_left");
    expect(desk.part("verdict-body").textContent).toContain("桜木町内会：おつかれさまでした");
  });

  it("counts as many without a name as the server believes, and no more", async () => {
    const desk = await withSheet();
    for (const step of [10, 1, -1, 1, 10]) desk.press(`[data-group-step='${step}']`);
    expect(desk.part("group-extra").textContent).toBe("12");
    expect(desk.part("group-done").textContent).toBe("15人を受付する");
  });

  it("takes ten too many back with one tap, and never counts below nobody", async () => {
    const desk = await withSheet();
    for (const step of [10, 1, -10]) desk.press(`[data-group-step='${step}']`);
    expect(desk.part("group-extra").textContent).toBe("1");
    desk.press("[data-group-step='-10']");
    expect(desk.part("group-extra").textContent).toBe("0");
  });

  it("takes in nobody who is recorded the other way", async () => {
    const desk = await withSheet();
    desk.press("[data-way='visit.leave']");
    desk.read(await cardText(cardId(4)));
    const [op] = await desk.records(1);
    expect(op?.kind).toBe("visit.leave");
    expect(desk.part("group-done").textContent).toBe("3人を受付する");
  });
});

describe("a group that came in", () => {
  it("is at the site where its tablet stood", async () => {
    const desk = await withSheet({ sites: [{ id: 1, name: "本部" }, { id: 2, name: "北" }] });
    const stand = (site: string): void => {
      const choice = desk.part<HTMLSelectElement>("site");
      choice.value = site;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
    };
    stand("2");
    desk.press("[data-group-done]");
    await desk.records(1);
    desk.read(await cardText(cardId(1)));
    await desk.shows("already_present");
    stand("1");
    desk.read(await cardText(cardId(2)));
    await desk.shows("wrong_site");
  });
});

describe("the ticks of a group", () => {
  const today = (left: number[]): Partial<Snapshot> => ({ today: { day: localDay(new Date()), arrived: 2, left } });
  const here = (...people: number[]): Partial<Snapshot> => ({ present: Object.fromEntries(people.map((id) => [id, "2026-11-23T09:00:00+09:00"])) });

  it("leave out of an arrival who went home", async () => {
    const desk = await withSheet({ ...here(1), ...today([2]) });
    expect(desk.part("group-done").textContent).toBe("2人を受付する");
    expect(desk.part("group-list").textContent).toContain("帰りました");
    desk.press("[data-group-done]");
    expect(((await desk.records(1))[0]?.payload as GroupPayload).members).toEqual([1, 3]);
  });

  it("leave out of a leaving who never came, unless nobody is known to be here", async () => {
    const desk = await withSheet(here(1, 3), "[data-way='visit.leave']");
    expect(desk.part("group-done").textContent).toBe("2人の帰りを記録する");
    desk.press("鈴木");
    desk.press("[data-group-done]");
    expect(((await desk.records(1))[0]?.payload as GroupPayload).members).toEqual([1, 2, 3]);
    closePages();
    const unknown = await withSheet({}, "[data-way='visit.leave']");
    expect(unknown.part("group-done").textContent).toBe("3人の帰りを記録する");
  });
});

describe("beside the open form of a group", () => {
  const blank = (): Promise<string> => cardText("ab".repeat(16));

  it("a card nobody is known to hold is recorded alone, and the form says so", async () => {
    const desk = await withSheet();
    desk.read(await blank());
    const [op] = await desk.records(1);
    expect(op?.kind).toBe("visit.arrive");
    expect(desk.part("group-say").textContent).toBe("記録しました（未確認）");
    expect(desk.part("group-say").dataset["tone"]).toBe("warn");
    await desk.formIs(true);
  });

  it("somebody who must not be let in is not taken in with the group", async () => {
    const bare = await snapshotOf(NAMES, { groups }, { 4: BLOCKED });
    const desk = await ReceptionPage.open(bare);
    desk.read(await sheet());
    await desk.formIs(true);
    desk.read(await cardText(cardId(4)));
    await desk.records(1);
    expect(desk.part("group-say").textContent).toBe("班長を呼んでください");
    expect(desk.part("group-done").textContent).toBe("3人を受付する");
  });

  it("a typed code takes its person in as the card does", async () => {
    const code = shortCode(cardId(4));
    const desk = await withSheet({ short_codes: { [code]: cardId(4).slice(0, 16) } });
    desk.type(code);
    await vi.waitFor(() => expect(desk.part("group-done").textContent).toBe("4人を受付する"));
    expect(await desk.recorded()).toEqual([]);
  });

  it("a sheet signed with a key that is newer than the tablet's data asks for fresh data and is not called forged", async () => {
    const desk = await ReceptionPage.open(await snapshotOf(NAMES, { groups, keys: [{ kid: 9, public_key: "00".repeat(32) }] }));
    desk.read(await sheet());
    await desk.shows("unverified_sheet");
    expect(desk.part("verdict").textContent).toContain("「送信」を押して新しいデータを受け取ってから");
    expect((await desk.records(1))[0]?.payload.code).toBe("unverified_sheet");
    closePages();
    const forged = await ReceptionPage.open(await snapshotOf(NAMES, { groups, keys: [{ kid: 1, public_key: "00".repeat(32) }] }));
    forged.read(await sheet());
    await forged.shows("forged_card");
  });

  it("the same sheet again changes nothing", async () => {
    const desk = await withSheet();
    desk.press("鈴木");
    desk.press("佐藤");
    desk.read(await cardText(cardId(4)));
    await vi.waitFor(() => expect(desk.part("group-done").textContent).toBe("2人を受付する"));
    desk.read(await sheet());
    await desk.rest();
    expect(desk.part("group-done").textContent).toBe("2人を受付する");
  });

  it("another group's sheet waits until this one is settled", async () => {
    const other = { id: 6, name: "高校", sheet: "e".repeat(16), members: [[4, "遠藤 実…", ""], [5, "田中 薫…", ""]] as const };
    const desk = await withSheet({ groups: [...groups, other] });
    desk.press("鈴木");
    desk.read(await cardText("e".repeat(32), 5));
    await desk.rest();
    expect(desk.part("group-done").textContent).toBe("2人を受付する");
    expect(desk.part("group-say").textContent).toContain("書きかけの画面を閉じてから");
  });

  it.each(["walkin", "search"])("a sheet does not close a half-written form (%s), and may be read at once when that is closed", async (name) => {
    const desk = await opened();
    desk.press(`[data-${name}-open]`);
    const field = desk.part(name).querySelector("input")!;
    field.value = "佐藤";
    desk.read(await sheet());
    await vi.waitFor(() => expect(desk.part(`${name}-say`).textContent).toBe("書きかけの画面を閉じてから、もう一度読み取ってください。"));
    expect([desk.part(name).hidden, field.value, await desk.recorded()]).toEqual([false, "佐藤", []]);
    desk.press(`[data-${name}-close]`);
    desk.read(await sheet());
    await desk.formIs(true);
  });
});
