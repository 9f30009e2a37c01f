/*
 * A new release has come. Its worker takes over the files at once, but the page that is open goes on as it is: somebody
 * may be writing. The operator changes over when they have a hand free; what is recorded stays on the shelf.
 */
import { part } from "./elements";
import { keepShell } from "./offline";

// A page that is never closed would not hear of a release before the browser's own daily look.
const ASK_EVERY_MS = 30 * 60_000;
// A line that has just come back often breaks again in the middle of the new files.
const FIRST_RETRY_MS = 10_000;
const WRITING = "書きかけの画面があります。終わってから、もう一度押してください。";
const NO_LINE = "いまはサーバーにつながっていません。つながってから、もう一度押してください。";

export class Update {
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;

  /** `isWriting`: whether a form is open that loading the page again would empty. */
  constructor(
    private readonly page: HTMLElement,
    private readonly isWriting: () => boolean,
  ) {
    if (!("serviceWorker" in navigator)) return;
    const workers = navigator.serviceWorker;
    let before = workers.controller;
    workers.addEventListener("controllerchange", () => {
      if (before) part(page, "update").hidden = false; // the first worker of a browser is no update
      before = workers.controller;
    });
    setInterval(() => this.ask(), ASK_EVERY_MS);
    part(page, "update-now").addEventListener("click", () => void this.changeOver());
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

  private async changeOver(): Promise<void> {
    const say = part(this.page, "update-say");
    say.textContent = this.isWriting() ? WRITING : "";
    if (this.isWriting()) return;
    const worker = navigator.serviceWorker.controller;
    // Without the new page in hand, loading again would only bring the old one back.
    if (worker && (await keepShell(worker))) location.reload();
    else say.textContent = NO_LINE;
  }
}
