/* A leader's phone without a signal: the page opens again, names somebody only as long as it may, and forgets in the end. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isOver, nameOf, openPage, sealPage } from "../src/leader/sealing";

const SECRET = "uJ8c0dQ1nT7yR2wX4vZ6aA";
const PATH = `/l/${SECRET}/`;
const HOUR = 3600_000;
const NOON = Date.parse("2026-07-18T03:00:00Z");
const PAGE = `<main><div data-keep-for="7200"></div><!--kept--><!--once--><p>センターに伝えました。</p><!--/once--><a href="tel:0220000000">センターに電話</a>
<div data-sealed><!--sealed--><p>高橋 キヨ 様　町前 9999-3</p><!--/sealed--></div><form data-tell="sos"></form>
<div data-sealed><!--sealed--><p>床下の泥かき</p><!--/sealed--></div></main>`;
const HEADERS = { "X-Keep-For": String((2 * HOUR) / 1000), "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'self'" };

describe("a kept page", () => {
  const kept = () => sealPage(PAGE, new Headers(HEADERS), SECRET, NOON, 2 * HOUR);

  it("holds nothing of whose house it is in words, nor the secret that opens it", async () => {
    const stored = JSON.stringify(await kept());
    expect(stored).toContain("センターに電話");
    for (const words of ["高橋", "9999", "床下", "センターに伝えました", SECRET]) expect(stored).not.toContain(words);
    expect(await nameOf(PATH)).not.toContain(SECRET);
  });

  it("opens as it was, and says from when it is", async () => {
    const page = await openPage(await kept(), SECRET, NOON + HOUR);
    for (const words of ["高橋 キヨ 様", "床下の泥かき", 'data-tell="sos"', "に取っておいた画面です"]) expect(page).toContain(words);
    expect(page).not.toContain("slot");
    expect(page).toContain('data-keep-for="3600"'); // an open page takes it away in time, too
  });

  it.each([
    ["when its time is over", NOON + 2 * HOUR + 1, SECRET],
    ["when the clock was set back", NOON - HOUR, SECRET],
    ["by another sheet's secret", NOON + HOUR, "another-secret-of-22-le"],
  ])("names nobody %s", async (_, now, secret) => {
    const page = await openPage(await kept(), secret, now);
    expect(page).not.toContain("高橋");
    expect(page).not.toContain("床下");
    expect(page.match(/行き先は、この電話から消えました/g)).toHaveLength(1);
    expect(page).toContain('data-tell="sos"');
  });

  it("lasts to the last moment", async () => {
    expect(isOver(await kept(), NOON + 2 * HOUR)).toBe(false);
    expect(isOver(await kept(), NOON - 60_000)).toBe(false); // a clock that is corrected a little
  });

  it("is not opened when it was changed", async () => {
    const page = await kept();
    const text = `${page.sealed!.text.slice(0, -8)}AAAAAAA=`;
    expect(await openPage({ ...page, sealed: { ...page.sealed!, text } }, SECRET, NOON)).not.toContain("高橋");
  });
});

class Room {
  readonly held = new Map<string, Response>();
  readonly put = (at: string, response: Response): Promise<void> => Promise.resolve(void this.held.set(at, response));
  readonly match = (at: string): Promise<Response | undefined> => Promise.resolve(this.held.get(at)?.clone());
  readonly delete = (at: string): Promise<boolean> => Promise.resolve(this.held.delete(at));
  readonly keys = (): Promise<object[]> => Promise.resolve([...this.held.keys()].map((url) => ({ url })));
  readonly addAll = (): Promise<void> => Promise.resolve();
}

describe("the worker of the leader's page", () => {
  let rooms: Map<string, Room>;
  let heard: Record<string, (event: object) => void>;
  let network: (path: string) => Promise<Response>;
  const gone = (): Promise<Response> => Promise.reject(new TypeError("no signal"));
  const stored = (): number => rooms.get("leader-pages")?.held.size ?? 0;

  async function ask(path: string): Promise<Response | "nobody"> {
    const waits: Promise<unknown>[] = [];
    let answer: Promise<Response> | undefined;
    heard["fetch"]?.({
      request: { method: "GET", url: `https://vc${path}` },
      respondWith: (response: Promise<Response>) => (answer = response),
      waitUntil: (work: Promise<unknown>) => waits.push(work),
    });
    const came = await answer?.catch(() => "nobody" as const);
    await Promise.all(waits);
    return came ?? "nobody";
  }

  async function says(path: string): Promise<string> {
    const answer = await ask(path);
    return answer === "nobody" ? answer : answer.text();
  }

  async function keep(path: string): Promise<boolean> {
    const waits: Promise<unknown>[] = [];
    let said = false;
    const port = { postMessage: ({ kept }: { kept: boolean }) => (said = kept) };
    heard["message"]?.({ data: { keep: path }, ports: [port], waitUntil: (work: Promise<unknown>) => waits.push(work) });
    await Promise.all(waits);
    return said;
  }

  beforeEach(async () => {
    vi.useRealTimers();
    rooms = new Map();
    heard = {};
    vi.stubGlobal("caches", {
      open: (name: string) => Promise.resolve(rooms.get(name) ?? rooms.set(name, new Room()).get(name)),
      keys: () => Promise.resolve([...rooms.keys()]),
      delete: (name: string) => Promise.resolve(rooms.delete(name)),
      match: (at: string) => Promise.resolve([...rooms.values()].map((room) => room.held.get(at)?.clone()).find((each) => each)),
    });
    vi.stubGlobal("__PRECACHE__", { leader: [] });
    vi.stubGlobal("__VERSION__", "a");
    vi.stubGlobal("self", {
      addEventListener: (name: string, listen: (event: object) => void) => (heard[name] = listen),
      skipWaiting: () => Promise.resolve(),
      clients: { claim: () => Promise.resolve() },
      location: { origin: "https://vc" },
    });
    vi.stubGlobal("fetch", (asked: string | { url: string }) => network(new URL(typeof asked === "string" ? asked : asked.url, "https://vc").pathname));
    network = () => Promise.resolve(new Response(PAGE, { headers: HEADERS }));
    vi.resetModules();
    await import("../src/leader_sw");
  });

  it("opens the page and the report again without a signal", async () => {
    expect(await keep(PATH)).toBe(true);
    expect(stored()).toBe(2);
    network = gone;
    expect(await says(PATH)).toContain("高橋 キヨ 様");
    expect(await says(`${PATH}report/`)).toContain("に取っておいた画面です");
    expect(await ask("/l/another-sheet/")).toBe("nobody");
  });

  it("takes what is newer whenever the page is opened, and the kept one when the server is in trouble", async () => {
    await keep(PATH);
    network = () => Promise.resolve(new Response(PAGE.replace("9999-3", "1234-5"), { headers: HEADERS }));
    expect(await says(`${PATH}?said=told`)).toContain("1234-5");
    network = () => Promise.resolve(new Response("busy", { status: 503 }));
    expect(await says(PATH)).toContain("1234-5");
  });

  it("forgets all of a sheet that has ended, whoever hears it first", async () => {
    for (const asked of [PATH, `${PATH}recall/`]) {
      network = () => Promise.resolve(new Response(PAGE, { headers: HEADERS }));
      await keep(PATH);
      expect(stored()).toBe(2);
      network = () => Promise.resolve(new Response("", { status: 404 }));
      expect(await ask(asked)).toMatchObject({ status: 404 });
      expect(stored()).toBe(0);
      network = gone;
      expect(await ask(PATH)).toBe("nobody");
    }
  });

  it("wipes the sealed part of every sheet when its time is over, and the rest after a week", async () => {
    await keep(PATH);
    const dump = async (): Promise<string> => {
      const all = [...rooms.get("leader-pages")!.held.values()].map((one) => one.clone().text());
      return (await Promise.all(all)).join();
    };
    expect(await dump()).toContain('"sealed":{');
    vi.useFakeTimers({ now: Date.now() + 2 * HOUR + 60_000, toFake: ["Date"] });
    network = gone;
    expect(await says(PATH)).toContain("行き先は、この電話から消えました");
    expect(await dump()).not.toContain('"sealed":{');
    vi.setSystemTime(Date.now() + 8 * 24 * HOUR);
    await ask("/l/another-sheet/");
    expect(stored()).toBe(0);
  });

  it("keeps the page it has while the server is a release ahead of its files", async () => {
    const of = (release: string) => (): Promise<Response> =>
      Promise.resolve(new Response(`<script src="/static/dist/assets/leader-${release}.js"></script>${PAGE}`, { headers: HEADERS }));
    const files = (await caches.open("leader-kit-a")) as unknown as Room;
    await files.put("/static/dist/assets/leader-a.js", new Response("// a"));
    network = of("a");
    expect(await keep(PATH)).toBe(true);
    network = of("b");
    expect(await says(PATH)).toContain("leader-b.js"); // open now, while there is a signal
    network = gone;
    expect(await says(PATH)).toContain("leader-a.js");
  });

  it("leaves everything else to the network, and does not keep what it was not told to", async () => {
    network = () => Promise.resolve(new Response(PAGE));
    await ask(PATH);
    expect(stored()).toBe(0);
    expect(await ask("/g/some-secret/")).toBe("nobody"); // not answered by the worker
    expect(await ask("/o/1/dispatch/")).toBe("nobody");
  });
});
