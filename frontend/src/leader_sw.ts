/// <reference lib="webworker" />
/*
 * The service worker of the leader's page, on the leader's own phone: the page of their sheet and its report open again
 * without a signal. GET only; what a leader tells lies in the queue (leader/queue.ts) and is never touched here. What is
 * kept, and how long, stands in leader/sealing.ts; a page the server does not know any more is forgotten at once.
 */
import { isOld, isOver, nameOf, openPage, sealPage, withoutSealed, type KeptPage } from "./leader/sealing";

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: Readonly<Record<string, readonly string[]>>;
declare const __VERSION__: string;

const FILES = __PRECACHE__["leader"] ?? [];
const KIT = `leader-kit-${__VERSION__}`;
const PAGES = "leader-pages";
const PAGE = /^\/l\/([\w-]{1,64})\/(?:report\/)?$/;
const POLL = /^\/l\/([\w-]{1,64})\/recall\/$/;
// What a page asks for to be more than words.
const ASKED_FOR = /\/static\/dist\/assets\/[^"'\s<>]+\.(?:js|css)/g;
const PATIENCE_MS = 5000;
const JUST_NOW_MS = 15_000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(KIT)).addAll(FILES.map((path) => new Request(path, { cache: "no-cache" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // A page that was kept under the release before this one asks for that one's files.
      const kits = (await caches.keys()).filter((name) => name.startsWith("leader-kit-") && name !== KIT);
      await Promise.all(kits.slice(0, -1).map((name) => caches.delete(name)));
      await self.clients.claim();
      await sweep();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const [, secret] = PAGE.exec(url.pathname) ?? [];
  const [, polled] = POLL.exec(url.pathname) ?? [];
  if (secret) event.respondWith(page(event, url.pathname, secret));
  else if (polled) event.respondWith(poll(event, polled));
  else if (url.pathname.startsWith("/static/dist/assets/")) event.respondWith(file(request));
});

self.addEventListener("message", (event) => {
  const data: unknown = event.data;
  if (typeof data !== "object" || data === null || !("keep" in data)) return;
  const path = String(data.keep);
  const secret = PAGE.exec(path)?.[1];
  if (!secret) return;
  event.waitUntil(
    bringAll(secret).then(
      (kept) => event.ports[0]?.postMessage({ kept }),
      () => event.ports[0]?.postMessage({ kept: false }),
    ),
  );
});

/** The page from the network when it answers soon, else as it was kept. */
async function page(event: FetchEvent, path: string, secret: string): Promise<Response> {
  const asked = fetch(event.request).then(async (response) => {
    await remember(path, secret, response.clone());
    return response;
  });
  event.waitUntil(asked.catch(() => undefined));
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS));
  const first = await Promise.race([asked.catch(() => undefined), patience]);
  if (first && first.status < 500 && first.status !== 429) return first;
  return (await fromKept(path, secret)) ?? first ?? asked;
}

/** The page's own question every few seconds: whoever hears that the sheet has ended forgets what was kept of it. */
async function poll(event: FetchEvent, secret: string): Promise<Response> {
  const response = await fetch(event.request);
  if (response.status === 404) event.waitUntil(forget(secret));
  return response;
}

async function file(request: Request): Promise<Response> {
  const stored = await caches.match(request.url);
  if (stored) return stored;
  const response = await fetch(request);
  // Only the letters this page needs, which the list of its files leaves out.
  if (response.ok && request.url.endsWith(".woff2")) await (await caches.open(KIT)).put(request.url, response.clone());
  return response;
}

/** Both pages of a sheet; whether the first is kept now. */
async function bringAll(secret: string): Promise<boolean> {
  await sweep();
  for (const path of paths(secret)) {
    const kept = await find(path);
    if (kept && Math.abs(Date.now() - kept.keptAt) < JUST_NOW_MS) continue;
    await remember(path, secret, await fetch(path, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } }));
  }
  return (await find(`/l/${secret}/`)) !== undefined;
}

async function remember(path: string, secret: string, response: Response): Promise<void> {
  if (response.status === 404) return forget(secret);
  const seconds = Number(response.headers.get("X-Keep-For"));
  if (response.status !== 200 || response.redirected || !(seconds > 0)) return;
  const html = await response.text();
  if (!(await hasItsFiles(html))) return;
  await put(path, await sealPage(html, response.headers, secret, Date.now(), seconds * 1000));
}

/** Not those of the next release, as long as its own worker has not brought them: without a signal such a page would open
 * and keep nothing that is told on it. */
async function hasItsFiles(html: string): Promise<boolean> {
  for (const asked of new Set(html.match(ASKED_FOR))) {
    if (!(await caches.match(asked))) return false;
  }
  return true;
}

async function fromKept(path: string, secret: string): Promise<Response | undefined> {
  await sweep();
  const kept = await find(path);
  if (!kept) return undefined;
  return new Response(await openPage(kept, secret, Date.now()), { headers: kept.headers });
}

async function forget(secret: string): Promise<void> {
  const room = await caches.open(PAGES);
  for (const path of paths(secret)) await room.delete(await addressOf(path));
}

/** What has had its time goes, of whatever sheet. */
async function sweep(): Promise<void> {
  const room = await caches.open(PAGES);
  const now = Date.now();
  for (const { url } of await room.keys()) {
    const kept = (await (await room.match(url))?.json()) as KeptPage | undefined;
    if (!kept) continue;
    if (isOld(kept, now)) await room.delete(url);
    else if (kept.sealed && isOver(kept, now)) await room.put(url, asResponse(withoutSealed(kept)));
  }
}

async function find(path: string): Promise<KeptPage | undefined> {
  const stored = await (await caches.open(PAGES)).match(await addressOf(path));
  return stored ? ((await stored.json()) as KeptPage) : undefined;
}

async function put(path: string, kept: KeptPage): Promise<void> {
  await (await caches.open(PAGES)).put(await addressOf(path), asResponse(kept));
}

function asResponse(kept: KeptPage): Response {
  return new Response(JSON.stringify(kept), { headers: { "content-type": "application/json" } });
}

async function addressOf(path: string): Promise<string> {
  return `${self.location.origin}/l/kept/${await nameOf(path)}`;
}

function paths(secret: string): string[] {
  return [`/l/${secret}/`, `/l/${secret}/report/`];
}
