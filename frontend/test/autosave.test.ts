// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { wireAutosave } from "../src/desk/autosave";

const answers: (() => Promise<Response>)[] = [];
const sent: Record<string, string>[] = [];

function json(status: number, body: object): () => Promise<Response> {
  return () =>
    Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } }));
}

describe("what is typed is kept as it is typed", () => {
  const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[name=${name}]`)!;
  const says = (): string => document.querySelector("[data-autosave-says]")!.textContent ?? "";
  const type = (text: string): void => {
    field("note").value = text;
    field("note").dispatchEvent(new Event("input", { bubbles: true }));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    sent.length = 0;
    answers.length = 0;
    document.body.innerHTML = `<form data-autosave="/save/"><input type="hidden" name="form_token" value="t1">
      <input type="hidden" name="draft_version" value="0"><input name="note"><p data-autosave-says></p></form>`;
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
      sent.push(Object.fromEntries(body.entries()) as Record<string, string>);
      return answers.shift()!();
    });
    wireAutosave(document);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("waits for a pause, then sends all of it with the version it has seen", async () => {
    answers.push(json(200, { token: "t1", version: 1, saved: "9:05:00", sentence: "" }));
    type("床");
    type("床下");
    await vi.advanceTimersByTimeAsync(1100);
    expect(sent).toEqual([{ form_token: "t1", draft_version: "0", note: "床下" }]);
    expect(field("draft_version").value).toBe("1");
    expect(says()).toContain("9:05:00 書きかけを保存しました");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.length).toBe(1);
  });

  it("tries again until it is kept, and says that it is not", async () => {
    answers.push(() => Promise.reject(new TypeError("offline")), json(200, { token: "t1", version: 1, saved: "9:06:00", sentence: "" }));
    type("泥");
    await vi.advanceTimersByTimeAsync(1100);
    expect(says()).toContain("まだ保存できていません");
    await vi.advanceTimersByTimeAsync(3100);
    expect(sent.length).toBe(2);
    expect(says()).toContain("9:06:00");
  });

  it("goes on as a draft of its own where another machine was first", async () => {
    answers.push(json(200, { token: "t2", version: 1, saved: "9:07:00", sentence: "ほかの端末で続きが入力されています。" }));
    type("犬");
    await vi.advanceTimersByTimeAsync(1100);
    expect(field("form_token").value).toBe("t2");
    expect(says()).toContain("ほかの端末で");
  });

  it("sends the last words behind a page that closes", () => {
    const beacons: Record<string, string>[] = [];
    vi.stubGlobal("navigator", {
      sendBeacon: (_: string, body: FormData) =>
        beacons.push(Object.fromEntries(body.entries()) as Record<string, string>) > 0,
    });
    type("最後");
    window.dispatchEvent(new Event("pagehide"));
    expect(beacons).toEqual([{ form_token: "t1", draft_version: "0", note: "最後", by_script: "yes" }]);
    window.dispatchEvent(new Event("pagehide"));
    expect(beacons.length).toBe(1);
  });

  it("sends the words again behind a page that closes while they are on their way", async () => {
    const beacons: string[] = [];
    vi.stubGlobal("navigator", { ...navigator, sendBeacon: (_: string, body: FormData) => beacons.push(String(body.get("note"))) > 0 });
    answers.push(() => new Promise<Response>(() => undefined)); // broken off with the page
    type("屋根から水");
    await vi.advanceTimersByTimeAsync(1100);
    expect(sent.length).toBe(1);
    window.dispatchEvent(new Event("pagehide"));
    expect(beacons).toEqual(["屋根から水"]);
  });

  it("stops where the call has been received already", async () => {
    answers.push(json(409, { sentence: "もう受け付けたか、消されています。" }));
    type("遅い");
    await vi.advanceTimersByTimeAsync(1100);
    expect(says()).toContain("もう受け付けた");
    type("まだ");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.length).toBe(1);
  });
});
