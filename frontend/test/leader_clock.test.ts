// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { wireQueue } from "../src/leader/queue";

function answers(...all: (Response | "nobody")[]): FormData[] {
  const sent: FormData[] = [];
  vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
    sent.push(body);
    const next = all.shift() ?? "nobody";
    return next === "nobody" ? Promise.reject(new TypeError("offline")) : Promise.resolve(next);
  });
  return sent;
}

describe("a phone whose clock is put right when the signal comes back", () => {
  it("loses nothing, and tells how long ago it was by the clock that nobody can set", async () => {
    document.body.innerHTML = `<div data-queue="/l/clock/tell/"></div>
      <form method="post" data-tell="sos"><input name="text" value="足を切った"><button>助けを求める</button></form>`;
    const now = vi.spyOn(Date, "now").mockReturnValue(Date.parse("2019-01-01"));
    const ticks = vi.spyOn(performance, "now").mockReturnValue(5_000);
    const sent = answers("nobody", "nobody", new Response('{"said":"told"}'));
    wireQueue(document);
    document.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(document.querySelector("[data-unsent]")).not.toBeNull());
    now.mockReturnValue(Date.parse("2026-07-18"));
    ticks.mockReturnValue(5_000 + 25 * 60_000);
    await vi.waitFor(() => {
      window.dispatchEvent(new Event("online"));
      expect(document.querySelector("[data-unsent]")).toBeNull();
    });
    expect(sent.at(-1)!.get("text")).toBe("足を切った");
    expect(Number(sent.at(-1)!.get("age_ms"))).toBe(25 * 60_000);
    now.mockRestore();
    ticks.mockRestore();
  });
});
