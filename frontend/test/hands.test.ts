// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { isNews } from "../src/hands/news";
import { keepReason } from "../src/hands/reason";

describe("the desk of raised hands", () => {
  beforeEach(() => sessionStorage.clear());

  it("takes a card that stays before the camera once, and again when it comes back", () => {
    expect(isNews(sessionStorage, "A", 1_000)).toBe(true);
    for (let at = 2_000; at < 20_000; at += 1_000) expect(isNews(sessionStorage, "A", at)).toBe(false);
    expect(isNews(sessionStorage, "A", 30_000)).toBe(true);
  });

  it("takes another card at once", () => {
    expect(isNews(sessionStorage, "A", 1_000)).toBe(true);
    expect(isNews(sessionStorage, "B", 1_100)).toBe(true);
    expect(isNews(sessionStorage, "A", 1_200)).toBe(true);
  });

  it("starts anew when what it kept is broken", () => {
    sessionStorage.setItem("hands-last", "{");
    expect(isNews(sessionStorage, "A", 1_000)).toBe(true);
  });
});

describe("the reason that is being typed there", () => {
  const page = (need: string, reason = true): HTMLElement => {
    document.body.innerHTML = `<div id="desk"><form><input type="hidden" name="need" value="${need}"><input name="scan"></form>
      ${reason ? '<form id="decide"><input name="reason"></form>' : ""}</div>`;
    const desk = document.getElementById("desk") as HTMLElement;
    keepReason(desk, sessionStorage);
    return desk;
  };
  const field = (): HTMLInputElement => document.querySelector("input[name=reason]") as HTMLInputElement;
  const leave = (): boolean => window.dispatchEvent(new Event("pagehide"));

  beforeEach(() => sessionStorage.clear());

  it("is there again after a card was scanned, with the cursor in it", () => {
    page("7");
    field().value = "本人たちの希";
    field().focus();
    leave();
    page("7");
    expect([field().value, document.activeElement === field()]).toEqual(["本人たちの希", true]);
  });

  it("does not decide when a reader ends with Enter in it", () => {
    page("7");
    const enter = new KeyboardEvent("keydown", { key: "Enter", cancelable: true, bubbles: true });
    field().dispatchEvent(enter);
    expect(enter.defaultPrevented).toBe(true);
  });

  it("waits while nothing has to be confirmed", () => {
    page("7");
    field().value = "庭が広い";
    leave();
    page("7", false);
    page("7");
    expect(field().value).toBe("庭が広い");
  });

  it("is gone with the decision, and at another need", () => {
    page("7");
    field().value = "庭が広い";
    field().form?.dispatchEvent(new Event("submit"));
    leave();
    page("7");
    expect(field().value).toBe("");
    field().value = "庭が広い";
    leave();
    page("8");
    expect(field().value).toBe("");
    page("7");
    expect(field().value).toBe("");
  });
});
