// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReleaseWatch } from "../src/field/release";

/** The browser's side of a release: each look answers as the test says. */
class Browser extends EventTarget {
  readonly controller = {};
  looks = 0;
  answer: () => Promise<{ installing: (EventTarget & { state: string }) | null }> = async () => ({ installing: null });

  async getRegistration(): Promise<{ update: () => ReturnType<Browser["answer"]> }> {
    return {
      update: () => {
        this.looks += 1;
        return this.answer();
      },
    };
  }
}

describe("a release that is asked for as the line comes back", () => {
  const browser = new Browser();
  let watch: ReleaseWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    Object.defineProperty(navigator, "serviceWorker", { value: browser, configurable: true });
    browser.looks = 0;
    watch = new ReleaseWatch(() => undefined);
  });
  afterEach(() => vi.useRealTimers());

  it("is asked for again when the line broke, more and more seldom, until an answer comes", async () => {
    browser.answer = () => Promise.reject(new TypeError("no network"));
    watch.ask();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(browser.looks).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(browser.looks).toBe(2);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(browser.looks).toBe(2);
    browser.answer = async () => ({ installing: null });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(browser.looks).toBe(3);
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(browser.looks).toBe(3);
  });

  it("is asked for again when one of its files did not come, and not when all came", async () => {
    const coming = Object.assign(new EventTarget(), { state: "installing" });
    browser.answer = async () => ({ installing: coming });
    watch.ask();
    await vi.advanceTimersByTimeAsync(0);
    browser.answer = async () => ({ installing: null });
    coming.state = "redundant";
    coming.dispatchEvent(new Event("statechange"));
    await vi.advanceTimersByTimeAsync(11_000);
    expect(browser.looks).toBe(2);

    const whole = Object.assign(new EventTarget(), { state: "installing" });
    browser.answer = async () => ({ installing: whole });
    watch.ask();
    await vi.advanceTimersByTimeAsync(0);
    whole.state = "activated";
    whole.dispatchEvent(new Event("statechange"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(browser.looks).toBe(3);
  });

  it("starts from the short pause again when the server is reached anew", async () => {
    browser.answer = () => Promise.reject(new TypeError("no network"));
    watch.ask();
    await vi.advanceTimersByTimeAsync(100_000);
    const before = browser.looks;
    watch.ask();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(browser.looks).toBe(before + 2);
  });
});
