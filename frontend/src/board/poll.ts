const EVERY_SECONDS = 5;
const JITTER = 0.2;
const WHOLE_EVERY_MS = 60_000;
const FAILURES_BEFORE_SAYING = 3;
const TIMEOUT_MS = 10_000;
const SENDING_MS = 15_000;

/**
 * Keeps an element up to date by asking with the version that is on screen.
 *
 *   <div data-poll-url="/o/1/board/part/" data-version="812" [data-poll-seconds="5"]>…</div>
 *
 * 204: nothing changed. 200: the HTML replaces the content; the new version is in the header X-Version, or in
 * data-version of an element in it. Once a minute it asks without a version. Hidden pages do not ask.
 * `atOnce`: the page came without the content, so the first question is asked now.
 * After three failures a line says since when the numbers stand still.
 */
export function startPolling(element: HTMLElement, { atOnce = false }: { atOnce?: boolean } = {}): void {
  const url = element.dataset["pollUrl"] ?? "";
  const seconds = Number(element.dataset["pollSeconds"] ?? EVERY_SECONDS) || EVERY_SECONDS;
  const stale = staleLine(element);
  let version = element.dataset["version"] ?? "";
  let failures = 0;
  let lastGood = new Date();
  let lastWhole = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;

  const later = (): void => {
    clearTimeout(timer);
    if (document.hidden || !element.isConnected) return;
    timer = setTimeout(() => void ask(), seconds * 1000 * (1 - JITTER + 2 * JITTER * Math.random()));
  };

  const ask = async (): Promise<void> => {
    if (asking || !element.isConnected) return;
    if (inUse(element)) {
      later();
      return;
    }
    asking = true;
    const whole = Date.now() - lastWhole >= WHOLE_EVERY_MS;
    try {
      const address = new URL(url, location.href);
      if (!whole && version) address.searchParams.set("version", version);
      const response = await fetch(address, {
        headers: { "X-Requested-With": "fetch" },
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // A sign-in page is a good answer to another question.
      if (response.redirected || (response.status !== 200 && response.status !== 204)) throw new Error("no answer");
      const html = response.status === 200 ? await response.text() : "";
      if (inUse(element)) return; // the answer came while somebody began to type: the next one will do
      if (response.status === 200) {
        version = show(element, html, response.headers.get("X-Version")) ?? version;
        if (whole) lastWhole = Date.now();
      } else if (whole) {
        lastWhole = Date.now();
      }
      failures = 0;
      lastGood = new Date();
      stale.hidden = true;
    } catch {
      // Whatever it was (network, time-out, error page): the screen keeps its last numbers and says so.
      failures += 1;
      if (failures >= FAILURES_BEFORE_SAYING) {
        stale.hidden = false;
        stale.textContent = `更新が止まっています（${clockTime(lastGood)} の時点の表示です）。ネットワークを確かめてください。`;
      }
    } finally {
      asking = false;
      later();
    }
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  });
  window.addEventListener("online", () => void ask());
  if (atOnce && !document.hidden) void ask();
  else later();
}

/** Somebody is typing or choosing in there, or has just sent a form: new HTML would take it away. */
function inUse(element: HTMLElement): boolean {
  const active = document.activeElement;
  // A tick stays where it is (`show`): whoever has just ticked something still sees what changes.
  const kept = "input[type=checkbox][id]";
  const typing = `input:not([type=hidden]):not(${kept}), textarea, select`;
  if (active && element.contains(active) && active.matches(typing)) return true;
  return [...element.querySelectorAll<HTMLElement>("form[data-sent-at]")].some(
    ({ dataset }) => Date.now() - Number(dataset["sentAt"]) < SENDING_MS,
  );
}

function show(element: HTMLElement, html: string, header: string | null): string | undefined {
  const focused = element.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const opened = new Map([...element.querySelectorAll<HTMLDetailsElement>("details[id]")].map(({ id, open }) => [id, open]));
  const ticked = new Map(
    [...element.querySelectorAll<HTMLInputElement>("input[type=checkbox][id]")].map(({ id, checked }) => [id, checked]),
  );
  element.innerHTML = html;
  for (const box of element.querySelectorAll<HTMLInputElement>("input[type=checkbox][id]")) {
    box.checked = ticked.get(box.id) ?? box.checked;
  }
  for (const details of element.querySelectorAll<HTMLDetailsElement>("details[id]")) {
    details.open = opened.get(details.id) ?? details.open;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  (window as { htmx?: { process(target: Element): void } }).htmx?.process(element);
  return header ?? element.querySelector<HTMLElement>("[data-version]")?.dataset["version"];
}

function staleLine(element: HTMLElement): HTMLElement {
  const line = document.createElement("p");
  line.className = "notice notice--warn wall-notice";
  line.setAttribute("role", "alert");
  line.hidden = true;
  element.before(line);
  return line;
}

export function clockTime(at: Date): string {
  return new Intl.DateTimeFormat("ja-JP", { hour: "numeric", minute: "2-digit", second: "2-digit" }).format(at);
}
