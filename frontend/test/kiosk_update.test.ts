// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuietUpdate } from "../src/field/kiosk_update";
import { ReleaseWatch } from "../src/field/release";

/** The browser's side: a worker that keeps the new page, unless it can not fetch it, and what it then holds. */
class Browser extends EventTarget {
  page = '<body class="kiosk" data-staff="no">';
  stored = true;
  asked = 0;
  controller = {
    postMessage: (_message: unknown, [port]: MessagePort[]) => {
      this.asked += 1;
      port?.postMessage({ stored: this.stored });
    },
  };
  getRegistration = async (): Promise<undefined> => undefined;
}

describe("a kiosk when a new release has come", () => {
  let browser: Browser;
  let quietFor: number;
  let camera: boolean;
  let reload: ReturnType<typeof vi.fn<() => void>>;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] });
    browser = new Browser();
    Object.defineProperty(navigator, "serviceWorker", { value: browser, configurable: true });
    vi.stubGlobal("caches", { match: async () => new Response(browser.page) });
    [quietFor, camera, reload] = [120_000, true, vi.fn<() => void>()];
    const update = new QuietUpdate({ quietFor: () => quietFor, cameraComesBack: async () => camera, reload });
    new ReleaseWatch(() => update.offer());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function aMinute(): Promise<void> {
    for (let turn = 0; turn < 4; turn += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      // The worker's answer comes by a real message.
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(0);
    }
  }

  it("goes on as it is until one has come, and then changes over", async () => {
    await aMinute();
    expect([browser.asked, reload.mock.calls.length]).toEqual([0, 0]);
    browser.dispatchEvent(new Event("controllerchange"));
    await aMinute();
    expect(reload).toHaveBeenCalled();
  });

  it("waits while somebody is near it", async () => {
    browser.dispatchEvent(new Event("controllerchange"));
    quietFor = 59_000;
    await aMinute();
    expect([browser.asked, reload.mock.calls.length]).toEqual([0, 0]);
    quietFor = 60_000;
    await aMinute();
    expect(reload).toHaveBeenCalled();
  });

  it.each([
    ["the new page does not come", () => (browser.stored = false)],
    ["a member of staff is signed in here", () => (browser.page = '<body class="kiosk" data-staff="yes">')],
    ["a sign-in page came in its place", () => (browser.page = "<body>")],
    ["the camera would ask again", () => (camera = false)],
  ])("stays as it is where %s", async (_why, spoil) => {
    spoil();
    browser.dispatchEvent(new Event("controllerchange"));
    await aMinute();
    expect(reload).not.toHaveBeenCalled();
  });

  it("looks again whether somebody came while the page was fetched", async () => {
    browser.dispatchEvent(new Event("controllerchange"));
    const { postMessage } = browser.controller;
    browser.controller.postMessage = (message, ports) => {
      quietFor = 0;
      postMessage(message, ports);
    };
    await aMinute();
    expect([browser.asked > 0, reload.mock.calls.length]).toEqual([true, 0]);
  });
});
