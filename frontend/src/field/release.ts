/*
 * Hearing of a new release. Its service worker takes over the files at once; the page that is open goes on as it is
 * until somebody (update.ts) or a quiet moment (kiosk_update.ts) loads it again.
 */

// A page that is never closed would not hear of a release before the browser's own daily look.
const ASK_EVERY_MS = 30 * 60_000;
// A line that has just come back often breaks again in the middle of the new files.
const FIRST_RETRY_MS = 10_000;

export class ReleaseWatch {
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;

  /** `onRelease`: the files of another release are here. */
  constructor(onRelease: () => void) {
    if (!("serviceWorker" in navigator)) return;
    const workers = navigator.serviceWorker;
    let before = workers.controller;
    workers.addEventListener("controllerchange", () => {
      if (before) onRelease(); // the first worker of a browser is no update
      before = workers.controller;
    });
    setInterval(() => this.ask(), ASK_EVERY_MS);
  }

  /** The server was reached (again): it may be another release by now. */
  ask(): void {
    if (!("serviceWorker" in navigator)) return;
    this.retryMs = FIRST_RETRY_MS;
    this.look();
  }

  private look(): void {
    clearTimeout(this.retryTimer);
    void navigator.serviceWorker
      .getRegistration()
      .then((found) => found?.update())
      .then((found) => {
        const coming = found?.installing;
        coming?.addEventListener("statechange", () => {
          if (coming.state === "redundant") this.retry(); // a file of the release did not come
        });
      })
      .catch(() => this.retry());
  }

  private retry(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.look(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, ASK_EVERY_MS);
  }
}
