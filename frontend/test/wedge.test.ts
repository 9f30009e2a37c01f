// @vitest-environment happy-dom
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clean } from "../src/field/text";
import { listenToWedge, type Wedge } from "../src/field/wedge";

const { cases } = JSON.parse(readFileSync("../tests/vectors/cards.json", "utf8")) as { cases: { note: string; text: string }[] };
const CARD = cases.find(({ note }) => note === "plain")!.text;

let heard: string[];
let wedge: Wedge;

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '<button id="go">送信</button><input id="search"><form id="form"><input id="code"></form>';
  heard = [];
  wedge = listenToWedge(document, (text) => heard.push(clean(text)));
});

afterEach(() => {
  wedge.stop();
  vi.useRealTimers();
});

function press(key: string, target: EventTarget = document.body, code = ""): boolean {
  return target.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }));
}

function read(text: string, target: EventTarget = document.body): void {
  for (const letter of text) press(letter, target);
}

describe("a keyboard-wedge reader", () => {
  it.each(["Enter", "Tab"])("is heard anywhere, up to its %s", (suffix) => {
    read(CARD);
    press(suffix);
    expect(heard).toEqual([CARD]);
  });

  it("is heard when it sends no suffix, after 80 ms of silence", () => {
    read(CARD);
    vi.advanceTimersByTime(79);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(heard).toEqual([CARD]);
  });

  it("is heard in lower case, in full width, and by the keys' places when an IME hides the letters", () => {
    read(CARD.toLowerCase());
    press("Enter");
    read([...CARD].map((letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)).join(""));
    press("Enter");
    for (const letter of CARD) press("Process", document.body, /\d/.test(letter) ? `Digit${letter}` : `Key${letter}`);
    press("Enter");
    document.body.dispatchEvent(Object.assign(new Event("compositionend", { bubbles: true }), { data: CARD }));
    vi.advanceTimersByTime(100);
    expect(heard).toEqual([CARD, CARD, CARD, CARD]);
  });

  it("waits for a slow reader in the middle of a card, and tells half a card in the end", () => {
    read(CARD.slice(0, 70));
    vi.advanceTimersByTime(300);
    read(CARD.slice(70));
    press("Enter");
    read(CARD.slice(0, 70));
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual([CARD, CARD.slice(0, 70)]);
  });

  it("does not press the focused button with its Enter, even a late one", () => {
    const button = document.getElementById("go")!;
    read(CARD, button);
    expect(press("Enter", button)).toBe(false);
    read(CARD, button);
    vi.advanceTimersByTime(100);
    expect(press("Enter", button)).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(press("Enter", button)).toBe(true);
  });

  it("ignores single keys", () => {
    read("abc");
    vi.advanceTimersByTime(1000);
    expect(press("Enter")).toBe(true);
    expect(heard).toEqual([]);
  });

  it("is heard while a list of choices has the focus, and chooses nothing there", () => {
    document.body.innerHTML += '<select id="site"><option>本部</option><option>VC北</option></select>';
    const list = document.getElementById("site")!;
    expect([...CARD].some((letter) => press(letter, list))).toBe(false);
    expect(press("Enter", list)).toBe(false);
    expect(heard).toEqual([CARD]);
    vi.advanceTimersByTime(1000);
    expect([press("ArrowDown", list), press(" ", list), press("Tab", list)]).toEqual([true, true, true]);
  });

  it("leaves typing in a field alone, and takes a whole card out of it", () => {
    const field = document.getElementById("search") as HTMLInputElement;
    read("佐藤はなこ0123456789", field);
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual([]);
    field.value = "さとう";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    expect(field.value).toBe("さとう");
    field.value = CARD.toLowerCase();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    expect([heard, field.value]).toEqual([[CARD], ""]);
    expect(press("Enter", field)).toBe(false);
  });
});
