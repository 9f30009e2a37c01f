// @vitest-environment happy-dom
/* The notice of a new release at the reception: somebody may be writing, and the line may be gone. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Update } from "../src/field/update";

describe("the notice that a new release has come", () => {
  let isWriting: boolean;
  let stored: boolean;
  const leave = vi.fn<() => void>();
  const reload = vi.fn<() => void>();
  const part = (name: string): HTMLElement => document.querySelector<HTMLElement>(`[data-${name}]`)!;

  beforeEach(() => {
    [isWriting, stored] = [false, true];
    document.body.innerHTML = "<div data-update hidden><button data-update-now></button><span data-update-say></span></div>";
    const controller = { postMessage: (_: unknown, [port]: MessagePort[]) => port?.postMessage({ stored }) };
    Object.defineProperty(navigator, "serviceWorker", { value: { controller }, configurable: true });
    vi.spyOn(location, "reload").mockImplementation(reload);
    new Update(document.body, () => isWriting, leave).offer();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.clearAllMocks();
    Reflect.deleteProperty(navigator, "serviceWorker");
  });

  it("is in sight, and the press keeps what is to be kept and loads the page again", async () => {
    expect(part("update").hidden).toBe(false);
    part("update-now").click();
    await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
    expect([leave.mock.calls.length, part("update-say").textContent]).toEqual([1, ""]);
  });

  it("throws away nothing that is half written", async () => {
    isWriting = true;
    part("update-now").click();
    expect(part("update-say").textContent).toBe("書きかけの画面があります。終わってから、もう一度押してください。");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([leave.mock.calls.length, reload.mock.calls.length]).toEqual([0, 0]);
  });

  it("waits where the new page cannot be fetched", async () => {
    stored = false;
    part("update-now").click();
    await vi.waitFor(() => expect(part("update-say").textContent).toContain("いまはサーバーにつながっていません。"));
    expect([leave.mock.calls.length, reload.mock.calls.length]).toEqual([0, 0]);
  });
});
