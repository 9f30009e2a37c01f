/* The service worker over several releases: a page that is opened again without a network finds its files. */
import { beforeEach, describe, expect, it, vi } from "vitest";

const SHELL = "/o/1/tablet/";
const SURVEY = "/o/1/survey/tablet/";

/** As the browser keeps them: by name, in the order of making. */
class Kept {
  readonly rooms = new Map<string, Map<string, Response>>();
  open(name: string): Promise<object> {
    const room = this.rooms.get(name) ?? this.rooms.set(name, new Map()).get(name)!;
    return Promise.resolve({
      put: (at: string, response: Response) => Promise.resolve(void room.set(new URL(at, "https://vc/").href, response)),
      keys: () => Promise.resolve([...room.keys()].map((url) => ({ url }))),
      addAll: async (requests: Request[]) => {
        for (const { url } of requests) room.set(url, await network(url));
      },
    });
  }
  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.rooms.delete(name));
  }
  has(name: string): Promise<boolean> {
    return Promise.resolve(this.rooms.has(name));
  }
  keys(): Promise<string[]> {
    return Promise.resolve([...this.rooms.keys()]);
  }
  match(at: string, { cacheName }: { cacheName?: string } = {}): Promise<Response | undefined> {
    const { href } = new URL(at, "https://vc/");
    const names = cacheName === undefined ? [...this.rooms.keys()] : [cacheName];
    return Promise.resolve(names.map((name) => this.rooms.get(name)?.get(href)?.clone()).find((each) => each));
  }
}

let kept: Kept;
let worker: Record<string, (event: object) => void>;
let network: (url: string) => Promise<Response>;

/** A browser meets that release: the worker is installed and takes over, or fails. */
async function release(version: string): Promise<Record<string, (event: object) => void>> {
  const heard: Record<string, (event: object) => void> = {};
  const [shared, reception, survey] = ["shared", "reception", "survey"].map((name) => `/static/dist/assets/${name}-${version}.js`);
  vi.stubGlobal("__PRECACHE__", { tablet: [shared, reception], "survey/tablet": [shared, survey] });
  vi.stubGlobal("__VERSION__", version);
  vi.stubGlobal("self", {
    addEventListener: (name: string, listen: (event: object) => void) => (heard[name] = listen),
    skipWaiting: () => Promise.resolve(),
    clients: { claim: () => Promise.resolve() },
    location: { origin: "https://vc" },
  });
  vi.resetModules();
  await import("../src/sw");
  for (const name of ["install", "activate"]) {
    const waits: Promise<unknown>[] = [];
    heard[name]?.({ waitUntil: (work: Promise<unknown>) => waits.push(work) });
    await Promise.all(waits);
  }
  return heard;
}

/** An open page asks to be kept; whether it is. */
async function keeps(worker: Record<string, (event: object) => void>, path: string): Promise<boolean> {
  const waits: Promise<unknown>[] = [];
  let stored = false;
  const port = { postMessage: (answer: { stored: boolean }) => (stored = answer.stored) };
  worker["message"]?.({ data: { keepShell: path }, ports: [port], waitUntil: (work: Promise<unknown>) => waits.push(work) });
  await Promise.all(waits);
  return stored;
}

const kit = (version: string): string[] => [...(kept.rooms.get(`kit-${version}`)?.keys() ?? [])].map((url) => /\/([a-z]+)-/.exec(url)![1]!).sort();

/** What the page that opens without a network asks for, and whether its script is there. */
async function opensOffline(): Promise<boolean> {
  const page = await kept.match(SHELL, { cacheName: "shell" });
  const script = /src="([^"]+)"/.exec((await page?.text()) ?? "")?.[1] ?? "";
  return (await kept.match(script)) !== undefined;
}

const server = (version: string) => (url: string): Promise<Response> =>
  Promise.resolve(new Response(url.endsWith(SHELL) ? `<script src="/static/dist/assets/reception-${version}.js">` : "// a script"));

beforeEach(async () => {
  kept = new Kept();
  vi.stubGlobal("caches", kept);
  vi.stubGlobal("Request", class { readonly url: string; constructor(url: string) { this.url = new URL(url, "https://vc/").href; } });
  vi.stubGlobal("fetch", (at: string | { url: string }) => network(new URL(typeof at === "string" ? at : at.url, "https://vc/").href));
  network = server("a");
  worker = await release("a");
  expect(await keeps(worker, SHELL)).toBe(true);
});

describe("a tablet that is opened again without a network", () => {
  it("finds its files after two releases that nobody opened the page under", async () => {
    for (const version of ["b", "c"]) {
      network = server(version);
      await release(version);
    }
    expect(await opensOffline()).toBe(true);
  });

  it("finds its files after a release whose download broke off", async () => {
    network = () => Promise.reject(new TypeError("the line broke"));
    await expect(release("b")).rejects.toThrow("the line broke");
    expect(await kept.keys()).not.toContain("kit-b");
    // The files of the next come through, its page does not.
    network = (url) => (url.endsWith(SHELL) ? Promise.reject(new TypeError("the line broke")) : server("c")(url));
    await release("c");
    expect(await opensOffline()).toBe(true);
  });

  it("keeps the files it has when another worker of the same release fails to bring more", async () => {
    const shell = (await kept.open("shell")) as { put(at: string, response: Response): Promise<void> };
    await shell.put(SURVEY, await network(SURVEY));
    network = () => Promise.reject(new TypeError("the line broke"));
    await expect(release("a")).rejects.toThrow("the line broke");
    expect(await opensOffline()).toBe(true);
  });

  it("holds the files of the pages that were opened on it, also of the next release", async () => {
    expect(kit("a")).toEqual(["reception", "shared"]);
    expect(await keeps(worker, SURVEY)).toBe(true);
    expect(kit("a")).toEqual(["reception", "shared", "survey"]);
    network = server("b");
    await release("b");
    expect(kit("b")).toEqual(["reception", "shared", "survey"]);
  });

  it("keeps the page it has while the server is a release ahead of its files", async () => {
    network = server("b");
    const opened: Promise<Response>[] = [];
    worker["fetch"]?.({ request: { method: "GET", url: `https://vc${SHELL}` }, respondWith: (answer: Promise<Response>) => opened.push(answer) });
    expect(await (await opened[0])?.text()).toContain("reception-b"); // open now, from the network
    expect(await opensOffline()).toBe(true);
    expect(await keeps(worker, SHELL)).toBe(false);
    expect(await opensOffline()).toBe(true);
    await release("b");
    expect(await opensOffline()).toBe(true);
    expect(await (await kept.match(SHELL, { cacheName: "shell" }))?.text()).toContain("reception-b");
  });

  it("keeps no page before its files are here", async () => {
    network = (url) => (url.includes("survey-a") ? Promise.reject(new TypeError("the line broke")) : server("a")(url));
    const opened: Promise<Response>[] = [];
    const request = { method: "GET", url: `https://vc${SURVEY}` };
    worker["fetch"]?.({ request, respondWith: (answer: Promise<Response>) => opened.push(answer) });
    expect((await opened[0])?.ok).toBe(true);
    expect(await keeps(worker, SURVEY)).toBe(false);
    expect(await kept.match(SURVEY, { cacheName: "shell" })).toBeUndefined();
  });

  it("shows the way back to the pages it has where another does not come", async () => {
    expect(await keeps(worker, SURVEY)).toBe(true);
    network = () => Promise.reject(new TypeError("the line broke"));
    const opened: Promise<Response>[] = [];
    const go = (mode: string): void =>
      worker["fetch"]?.({ request: { method: "GET", mode, url: "https://vc/o/1/" }, respondWith: (answer: Promise<Response>) => opened.push(answer) });
    go("cors"); // what a page asks for is its own business
    expect(opened).toEqual([]);
    go("navigate");
    const page = await (await opened[0])!.text();
    expect(page).toContain("センターのサーバーにつながりません");
    for (const path of [SHELL, SURVEY]) expect(page).toContain(`href="${path}"`);
    network = server("a");
    go("navigate");
    expect(await (await opened[1])!.text()).toBe("// a script"); // what the server said
  });
});
