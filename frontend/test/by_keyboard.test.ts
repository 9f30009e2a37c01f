// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { wireByKeyboard } from "../src/desk/by_keyboard";

const FORM = `
  <a href="#one" data-jump>1</a><a href="#two" data-jump>2</a>
  <form data-by-keyboard>
    <input type="hidden" name="token">
    <fieldset id="one"><input name="name">
      <select name="relation"><option>本人</option><option>家族</option></select>
      <details data-open-unless="relation" data-usual="本人"><summary>別の方</summary><input name="other"></details>
    </fieldset>
    <fieldset id="two"><textarea name="said"></textarea>
      <input type="checkbox" name="hazards" value="a"><input type="checkbox" name="hazards" value="b">
      <input name="last"></fieldset>
    <button data-save>保存</button>
  </form>`;

describe("a form without the mouse", () => {
  let sent = 0;
  const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[name=${name}]`)!;
  const press = (key: string, more: Partial<KeyboardEventInit> = {}): boolean =>
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
    );

  beforeEach(() => {
    sent = 0;
    document.body.innerHTML = FORM;
    document.querySelector("form")!.addEventListener("submit", (event) => {
      event.preventDefault();
      sent += 1;
    });
  });
  wireByKeyboard(document);

  it("goes on with Enter, over what is closed, and ends on the button without sending", () => {
    field("name").focus();
    expect(press("Enter")).toBe(false);
    expect(document.activeElement).toBe(field("relation"));
    press("Enter");
    expect(document.activeElement).toBe(field("said"));
    expect(press("Enter")).toBe(true); // a new line
    field("hazards").focus();
    press("ArrowRight");
    expect((document.activeElement as HTMLInputElement).value).toBe("b");
    press("Enter");
    expect(document.activeElement).toBe(field("last"));
    press("Enter");
    expect(document.activeElement).toBe(document.querySelector("[data-save]"));
    expect(sent).toBe(0);
  });

  it("sends with Ctrl and Enter only", () => {
    field("said").focus();
    press("Enter", { ctrlKey: true });
    expect(sent).toBe(1);
  });

  it("opens the part about somebody else and jumps to a part", () => {
    const relation = document.querySelector<HTMLSelectElement>("[name=relation]")!;
    relation.value = "家族";
    relation.dispatchEvent(new Event("change", { bubbles: true }));
    relation.focus();
    press("Enter");
    expect(document.activeElement).toBe(field("other"));
    press("2", { altKey: true, code: "Digit2" });
    expect(document.activeElement).toBe(field("said"));
  });

  it("leaves Enter to whoever is choosing a word in an input method", () => {
    field("name").focus();
    expect(press("Enter", { isComposing: true })).toBe(true);
    expect(document.activeElement).toBe(field("name"));
  });
});
