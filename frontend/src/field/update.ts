/*
 * The notice that a new release has come. Somebody may be writing: the operator changes over when they have a hand
 * free; what is recorded stays on the shelf.
 */
import { part } from "./elements";
import { keepShell } from "./offline";
import { ReleaseWatch } from "./release";

const WRITING = "書きかけの画面があります。終わってから、もう一度押してください。";
const NO_LINE = "いまはサーバーにつながっていません。つながってから、もう一度押してください。";

export class Update {
  private readonly watch: ReleaseWatch;

  /** `isWriting`: whether a form is open that loading the page again would empty; `leave`: what is to be kept until then. */
  constructor(
    private readonly page: HTMLElement,
    private readonly isWriting: () => boolean,
    private readonly leave: () => void,
  ) {
    this.watch = new ReleaseWatch(() => {
      part(page, "update").hidden = false;
    });
    part(page, "update-now").addEventListener("click", () => void this.changeOver());
  }

  ask(): void {
    this.watch.ask();
  }

  private async changeOver(): Promise<void> {
    const say = part(this.page, "update-say");
    say.textContent = this.isWriting() ? WRITING : "";
    if (this.isWriting()) return;
    const worker = navigator.serviceWorker.controller;
    // Without the new page in hand, loading again would only bring the old one back.
    if (worker && (await keepShell(worker))) {
      this.leave();
      location.reload();
    } else say.textContent = NO_LINE;
  }
}
