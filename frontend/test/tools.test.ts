// @vitest-environment happy-dom
/* The tool desk's page: what one press records. */
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import { Shelf } from "../src/field/shelf";
import { openToolDesk } from "../src/field/tools";
import type { Op, Tools } from "../src/field/protocol";
import { markup, snapshotOf } from "./reception_page";

const OPERATION = 1;
const TOOLS: Tools = {
  kinds: [
    { code: "shovel", label: "スコップ" },
    { code: "barrow", label: "一輪車" },
  ],
  teams: [
    { id: 7, name: "1班", out: false, leader: "髙﨑", offer: { shovel: 3, barrow: 1 }, has: {} },
    { id: 8, name: "2班", out: false, leader: "𠮷野", offer: { shovel: 1 }, has: {} },
  ],
  items: [],
  stock: { 1: { shovel: 20, barrow: 5 } },
};

let page: HTMLElement;
let shelf: Shelf;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  localStorage.clear();
  shelf = await Shelf.open();
  await shelf.register({ device_id: "d", secret: "s", name: "資機材1", epoch: 1 });
  await shelf.keepSnapshot(OPERATION, "v1", await snapshotOf([], { tools: TOOLS }));
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("no network");
  });
  page = document.createElement("div");
  const text = markup("matching/loans/tablet.html");
  page.innerHTML = text;
  for (const [, name] of (/<body([^>]*)>/.exec(text)?.[1] ?? "").matchAll(/(data-[\w-]+)/g)) page.setAttribute(name!, "");
  Object.assign(page.dataset, { operationId: String(OPERATION), opsUrl: "/ops", snapshotUrl: "/snapshot?", operatorsUrl: "/operators", app: "test" });
  document.body.replaceChildren(page);
  await openToolDesk(page);
});

const press = (selector: string): void => page.querySelector<HTMLElement>(selector)!.click();

async function recorded(): Promise<Op[]> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  return (await shelf.newest(100)).reverse().map(({ op }) => op);
}

const said = (ops: readonly Op[]): unknown[] => ops.map(({ kind, payload }) => [kind, payload.tool, payload.count, payload.team]);
const ALL_OF_TEAM_1 = [
  ["tool.lend", "shovel", 3, 7],
  ["tool.lend", "barrow", 1, 7],
];

test("a team is found by its number, and Enter takes the very one", async () => {
  const teams = [...Array(30).keys()].map((n) => ({ id: 100 + n, name: `${n + 1}班`, out: false, leader: n === 6 ? "髙﨑" : "佐藤", offer: { shovel: 1 }, has: {} }));
  await shelf.keepSnapshot(OPERATION, "v2", await snapshotOf([], { tools: { ...TOOLS, teams } }));
  await openToolDesk(page);
  const find = page.querySelector<HTMLFormElement>("[data-team-find]")!;
  const look = (text: string): string[] => {
    find.querySelector("input")!.value = text;
    find.dispatchEvent(new Event("input", { bubbles: true }));
    return [...page.querySelectorAll("[data-team] b")].map(({ textContent }) => textContent ?? "");
  };
  expect(look("")).toHaveLength(30);
  expect(look("髙﨑")).toEqual(["7班"]);
  expect(look("31")).toEqual([]);
  expect(page.querySelector<HTMLElement>("[data-team-none]")!.hidden).toBe(false);
  expect(look("３")).toEqual(["3班", "30班"]);
  find.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  expect(page.querySelector('[data-team="102"]')!.getAttribute("aria-pressed")).toBe("true");
  expect(page.querySelectorAll("[data-team]")).toHaveLength(30);
});

test("two quick taps lend once", async () => {
  press('[data-team="7"]');
  press("[data-tool-submit]");
  press("[data-tool-submit]");
  expect(said(await recorded())).toEqual(ALL_OF_TEAM_1);
});

test("another team or the other way, pressed while it is written, changes nothing of what was pressed", async () => {
  press('[data-team="7"]');
  press("[data-tool-submit]");
  press('[data-team="8"]');
  press('[data-tool-way="back"]');
  expect(said(await recorded())).toEqual(ALL_OF_TEAM_1);
  expect(page.querySelector('[data-team="8"]')!.getAttribute("aria-pressed")).toBe("true");
});
