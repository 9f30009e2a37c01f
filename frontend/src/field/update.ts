/*
 * The notice that a new release has come. Somebody may be writing: the operator changes over when they have a hand
 * free; what is recorded stays on the shelf.
 */
import { part } from "./elements";
import { keepShell } from "./offline";

const WRITING = "書きかけの画面があります。終わってから、もう一度押してください。";
const NO_LINE = "いまはサーバーにつながっていません。つながってから、もう一度押してください。";

export class Update {
  /** `isWriting`: whether a form is open that loading the page again would empty; `leave`: what is to be kept until then. */
  constructor(
    private readonly page: HTMLElement,
    private readonly isWriting: () => boolean,
    private readonly leave: () => void,
  ) {
    part(page, "update-now").addEventListener("click", () => void this.changeOver());
  }

  /** The files of another release are here. */
  offer(): void {
    part(this.page, "update").hidden = false;
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
