// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { wireKeyIn } from "../src/desk/key_in";

const row = (n: number): string =>
  `<form data-key-row id="line-${n}"><input name="who"><input name="arrive"><input name="leave"><p class="key-row__say"></p></form>`;

describe("typing a paper sheet", () => {
  const sent: string[] = [];
  const field = (line: number, name: string): HTMLInputElement =>
    document.querySelector<HTMLInputElement>(`#line-${line} [name=${name}]`)!;
  const type = (input: HTMLInputElement, text: string): void => {
    input.focus();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const enter = (input: HTMLInputElement): boolean =>
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));

  beforeEach(() => {
    sent.length = 0;
    document.body.innerHTML = `<div data-key-in>${row(1)}${row(2)}</div>`;
    document.body.addEventListener("submit", (event) => {
      event.preventDefault();
      sent.push((event.target as HTMLFormElement).id);
    });
  });
  wireKeyIn(document);

  it("goes on with Enter and sends a line once, when it is left", () => {
    type(field(1, "who"), "さとう");
    expect(enter(field(1, "who"))).toBe(false);
    expect(document.activeElement).toBe(field(1, "arrive"));
    expect(sent).toEqual([]);
    enter(field(1, "arrive"));
    enter(field(1, "leave"));
    expect(document.activeElement).toBe(field(2, "who"));
    expect(new Set(sent)).toEqual(new Set(["line-1"]));
    sent.length = 0;
    field(1, "who").focus();
    field(2, "who").focus();
    expect(sent).toEqual([]);
  });

  it("sends the last line with its last Enter", () => {
    type(field(2, "leave"), "1110");
    enter(field(2, "leave"));
    expect(sent).toContain("line-2");
  });

  it("says that a line is not saved and tries again", () => {
    type(field(1, "who"), "さとう");
    field(1, "who").closest("form")!.dispatchEvent(new Event("htmx:sendError", { bubbles: true }));
    expect(document.querySelector("#line-1 .key-row__say")!.textContent).toContain("まだ保存できていません");
    expect(field(1, "who").value).toBe("さとう");
    field(1, "who").focus();
    field(2, "who").focus();
    expect(sent).toContain("line-1");
  });
});
