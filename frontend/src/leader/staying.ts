/*
 * The leader's page stays as new as it can be: it is kept for a time without a signal, it loads again by itself when the
 * center has done or answered something, and it takes the address away when its time is over.
 *
 *   <div data-mark="departed.…" data-keep-for="12345">     what the page shows, and for how many seconds
 *   <p data-kept-says hidden>                             shown once the page is kept
 *   <div data-sealed>                                      taken away in the end
 */

import { isLeaving } from "./leaving";

const PATIENCE_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Let the worker keep this page. Says so where it did. */
export async function keepForLater(root: Document): Promise<void> {
  if (!("serviceWorker" in navigator) || !root.querySelector("[data-keep-for]")) return;
  const registration = await navigator.serviceWorker.register("/l/sw.js", { scope: "/l/" });
  const worker = registration.active ?? (await activated(registration));
  if (!worker || !(await keep(worker))) return;
  root.documentElement.dataset["kept"] = "yes";
  for (const line of root.querySelectorAll<HTMLElement>("[data-kept-says]")) line.hidden = false;
}

function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorker | undefined> {
  const coming = registration.installing ?? registration.waiting;
  if (!coming) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    coming.addEventListener("statechange", () => {
      if (coming.state === "activated") resolve(coming);
      if (coming.state === "redundant") resolve(undefined); // a file did not come; the next opening tries again
    });
  });
}

function keep(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), PATIENCE_MS);
    port1.onmessage = (event: MessageEvent<{ kept: boolean }>) => resolve(event.data.kept);
    worker.postMessage({ keep: location.pathname }, [port2]);
  });
}

/** An open page may not show an address for longer than a kept one. */
export function hideInTheEnd(root: Document): void {
  const seconds = Number(root.querySelector<HTMLElement>("[data-keep-for]")?.dataset["keepFor"]);
  if (!(seconds > 0)) return;
  const opened = Date.now();
  const look = (): void => {
    if (Date.now() - opened < seconds * 1000) return;
    for (const part of root.querySelectorAll("[data-sealed]")) part.remove();
  };
  setTimeout(look, Math.min(seconds * 1000 + 1000, LONGEST_TIMER_MS));
  root.addEventListener("visibilitychange", look); // a sleeping phone's timers are late
}

/**
 * `part` is polled and holds `<div data-page-mark>` with what the page would show now. A page on which nobody is doing
 * anything loads again; else a button says that there is news.
 */
export function watchForNews(root: Document, part: HTMLElement, load: () => void = () => location.reload()): void {
  const shown = root.querySelector<HTMLElement>("[data-mark]")?.dataset["mark"];
  if (!shown) return;
  new MutationObserver(() => {
    const now = part.querySelector<HTMLElement>("[data-page-mark]")?.dataset["pageMark"];
    if (!now || now === shown || root.querySelector("[data-news]")) return;
    if (isBusy(root)) part.before(newsButton(root, load));
    else load();
  }).observe(part, { childList: true });
}

/** A report is being written also while the leader looks up from it: its ticks would be lost. */
const UNDER_WAY = "details[open], form[data-telling], form[data-tell='report']:not([hidden]), [data-unsent]";

/** Another page may not come by itself now: the leader is at something else than `besides`. */
export function isBusy(root: Document, besides?: HTMLFormElement): boolean {
  return isLeaving(root) || isTyping(root, besides) || [...root.querySelectorAll(UNDER_WAY)].some((one) => one !== besides);
}

/** Somebody is at a field, other than of `besides`. */
export function isTyping(root: Document, besides?: HTMLFormElement): boolean {
  const at = root.activeElement;
  return at !== null && at.matches("input, textarea, select") && !besides?.contains(at);
}

function newsButton(root: Document, load: () => void): HTMLElement {
  const notice = root.createElement("div");
  notice.className = "notice notice--warn";
  notice.setAttribute("role", "status");
  notice.dataset["news"] = "";
  const line = root.createElement("p");
  line.className = "notice__title";
  line.textContent = "センターから、新しいお知らせがあります。";
  const button = root.createElement("button");
  button.type = "button";
  button.className = "button button--block";
  button.textContent = "画面を新しくする";
  button.addEventListener("click", load);
  notice.append(line, button);
  return notice;
}
