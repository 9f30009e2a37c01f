/// <reference lib="webworker" />
/*
 * The service worker of the tablets. GET only, and only two things: the shell of a tablet page, and the built
 * files it needs. Everything else (the API, desk pages, every POST) goes to the network as if this did not exist; only
 * where a page does not come, the way back to those that are here stands in its place (a tablet's app has no back button).
 * The queue of unsent records lives in IndexedDB: nothing here can lose it, an update included.
 */
import { nowhere } from "./nowhere";

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: Readonly<Record<string, readonly string[]>>;
declare const __VERSION__: string;

// By the end of a page's address: a tablet brings the files of the pages that are opened on it, not those of all.
const FILES_OF = __PRECACHE__;
const PRECACHE = new Set(Object.values(FILES_OF).flat());
const KIT = `kit-${__VERSION__}`;
const SHELL = "shell";
const FONTS = "fonts";
const SHELL_PATH = /^\/o\/\d+\/(tablet|kiosk|survey\/tablet|loans\/tablet)\/$/;
const FONT_PATH = /^\/static\/dist\/assets\/.+\.woff2$/;
// What a page asks for to be more than words.
const ASKED_FOR = /\/static\/dist\/assets\/[^"'\s<>]+\.(?:js|css)/g;
const PATIENCE_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const isNew = !(await caches.has(KIT)); // another worker may bring the same files again
      await caches.open(KIT);
      try {
        for (const path of await keptPages()) await bring(path);
      } catch (error) {
        // An empty room would pass for the release before the next one.
        if (isNew) await caches.delete(KIT);
        throw error;
      }
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // The release before this one stays: a page opened yesterday still asks for its own files.
      const kits = (await caches.keys()).filter((name) => name.startsWith("kit-") && name !== KIT);
      await Promise.all(kits.slice(0, -1).map((name) => caches.delete(name)));
      await self.clients.claim();
      // A kept page asks for the files of its own release, and those go with the next but one.
      await Promise.all((await keptPages()).map((path) => renew(path)));
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (SHELL_PATH.test(url.pathname)) event.respondWith(shell(request, url.pathname));
  else if (PRECACHE.has(url.pathname)) event.respondWith(kept(request, KIT));
  else if (FONT_PATH.test(url.pathname)) event.respondWith(kept(request, FONTS));
  else if (url.pathname.startsWith("/static/dist/assets/")) event.respondWith(older(request));
  else if (request.mode === "navigate") event.respondWith(fetch(request).catch(async () => nowhere(await keptPages())));
});

self.addEventListener("message", (event) => {
  const data: unknown = event.data;
  if (typeof data !== "object" || data === null || !("keepShell" in data)) return;
  const path = String(data.keepShell);
  if (!SHELL_PATH.test(path)) return;
  event.waitUntil(
    (async () => {
      await bring(path);
      const response = await fetch(path, { credentials: "same-origin" });
      const stored = await keepShell(path, response);
      event.ports[0]?.postMessage({ stored });
    })().catch(() => event.ports[0]?.postMessage({ stored: false })),
  );
});

/** The pages that open here without a network. */
async function keptPages(): Promise<string[]> {
  const pages = await (await caches.open(SHELL)).keys();
  return pages.map(({ url }) => new URL(url).pathname);
}

/** Bring what is not here yet of the files of a page. Rejects when one does not come; a page is kept after its files. */
async function bring(path: string): Promise<void> {
  const missing = await missingOf(path);
  if (missing.length === 0) return;
  const cache = await caches.open(KIT);
  await cache.addAll(missing.map((url) => new Request(url, { cache: "no-cache" })));
}

async function missingOf(path: string): Promise<string[]> {
  const cache = await caches.open(KIT);
  const here = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  return (FILES_OF[SHELL_PATH.exec(path)?.[1] ?? ""] ?? []).filter((file) => !here.has(file));
}

/** Fetch a kept page anew. Where that fails the old one stays; pages that are opened meanwhile wait no longer than that. */
async function renew(path: string): Promise<void> {
  try {
    await bring(path); // one that was kept while this release was on its way
    await keepShell(path, await fetch(path, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) }));
  } catch {
    return;
  }
}

/** The page from the network when it answers soon, else the last one that came. A page that is opened here for the first
 * time asks to be kept once it is open. */
async function shell(request: Request, path: string): Promise<Response> {
  const asked = fetch(request).then(async (response) => {
    if (response.ok && (await missingOf(path)).length === 0) await keepShell(path, response.clone());
    return response;
  });
  const patience = new Promise<"slow">((resolve) => setTimeout(() => resolve("slow"), PATIENCE_MS));
  const first = await Promise.race([asked.catch(() => "failed" as const), patience]);
  if (first instanceof Response && first.status < 500) return first;
  const stored = await caches.match(path, { cacheName: SHELL });
  if (stored) return stored;
  return first instanceof Response ? first : asked;
}

/** A sign-in page that answered in the shell's place is not kept; nor is a page of the next release before its files are
 * here: without a network it would open and do nothing. Its own worker keeps it. */
async function keepShell(path: string, response: Response): Promise<boolean> {
  if (response.status !== 200 || response.redirected) return false;
  for (const file of new Set((await response.clone().text()).match(ASKED_FOR))) {
    if (!(await caches.match(file))) return false;
  }
  const cache = await caches.open(SHELL);
  await cache.put(path, response);
  return true;
}

/** Files with a hash in their names never change: the kept one is the right one. */
async function kept(request: Request, cacheName: string): Promise<Response> {
  const stored = await caches.match(request.url, { cacheName });
  if (stored) return stored;
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(cacheName);
    await cache.put(request.url, response.clone());
  }
  return response;
}

/** A file of another release: from that release's cache if it is there, else from the network. */
async function older(request: Request): Promise<Response> {
  return (await caches.match(request.url)) ?? fetch(request);
}

export {};
