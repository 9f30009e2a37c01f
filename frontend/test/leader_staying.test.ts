// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { noticeLeaving } from "../src/leader/leaving";
import { hideInTheEnd, watchForNews } from "../src/leader/staying";

describe("an open leader's page", () => {
  let loads: number;
  const part = (): HTMLElement => document.querySelector<HTMLElement>("#part")!;
  const polled = (mark: string): void => void (part().innerHTML = `<div data-page-mark="${mark}"></div>`);

  beforeEach(() => {
    loads = 0;
    document.body.innerHTML = `<div data-mark="accepted.0" data-keep-for="60"></div><div id="part"></div>
      <details><summary>伝える</summary><input></details><div data-sealed>高橋 キヨ 様</div><p>センターに電話</p>`;
    watchForNews(document, part(), () => (loads += 1));
  });

  it("loads again when the team has left or the center has answered, and only then", async () => {
    polled("accepted.0");
    await vi.waitFor(() => expect(part().childElementCount).toBe(1));
    expect(loads).toBe(0);
    polled("departed.0");
    await vi.waitFor(() => expect(loads).toBe(1));
  });

  it("never takes a page away from somebody who is writing", async () => {
    document.querySelector("details")!.open = true;
    polled("departed.0");
    await vi.waitFor(() => expect(document.querySelector("[data-news]")).not.toBeNull());
    polled("departed.1");
    await Promise.resolve();
    expect(loads).toBe(0);
    expect(document.querySelectorAll("[data-news]")).toHaveLength(1);
    document.querySelector<HTMLButtonElement>("[data-news] button")!.click();
    expect(loads).toBe(1);
  });

  it("does not load again over a link that was tapped a moment ago", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    noticeLeaving(document);
    document.body.insertAdjacentHTML("beforeend", '<a href="#report"><b>報告する</b></a>');
    document.querySelector<HTMLElement>("a b")!.click();
    polled("on_site.0");
    await Promise.resolve();
    expect(loads).toBe(0);
    vi.advanceTimersByTime(10_000); // that page did not come
    document.querySelector("[data-news]")!.remove();
    polled("on_site.1");
    await Promise.resolve();
    expect(loads).toBe(1);
    vi.useRealTimers();
  });

  it.each(["tel:119", "https://maps.example/?q=1"])("is not left by a call or a map (%s)", async (href) => {
    delete document.documentElement.dataset["leaving"];
    noticeLeaving(document);
    document.body.insertAdjacentHTML("beforeend", `<a href="${href}">センターに電話</a>`);
    const tap = new MouseEvent("click", { bubbles: true, cancelable: true });
    document.addEventListener("click", (event) => event.preventDefault(), { once: true }); // the browser of this test goes nowhere
    document.querySelector("a")!.dispatchEvent(tap);
    polled("on_site.0");
    await vi.waitFor(() => expect(loads).toBe(1));
  });

  it("takes the address away when its time is over, also on a phone that slept", () => {
    vi.useFakeTimers();
    hideInTheEnd(document);
    vi.advanceTimersByTime(59_000);
    expect(document.body.textContent).toContain("高橋");
    vi.advanceTimersByTime(3_000);
    expect(document.body.textContent).not.toContain("高橋");
    expect(document.body.textContent).toContain("センターに電話");
    vi.useRealTimers();
  });
});
