/* What is read twice and was shown once. */
import type { Input, VisitKind } from "./protocol";

const STILL_IN_VIEW_MS = 1000;

/** A card that lies before the camera is one scan, not thirty: the same thing again within `windowMs` is a repeat. */
export class Repeats {
  private readonly until = new Map<string, number>();

  constructor(private readonly windowMs = 4000) {}

  /**
   * True when `key` was seen less than the window ago. Every sight of it starts the window again. Before a camera lie
   * several cards at once, so others do not end it; a reader is shown one thing after the other (`oneAfterOther`).
   */
  isRepeat(key: string, now: number, oneAfterOther = false): boolean {
    for (const [other, end] of this.until) if (end <= now || (oneAfterOther && other !== key)) this.until.delete(other);
    const repeat = this.until.has(key);
    this.until.set(key, now + this.windowMs);
    return repeat;
  }

  /** Somebody was told to show it again: nothing is a repeat any more but what was seen in the last `inViewMs`. */
  release(now: number, inViewMs = 0): void {
    for (const [key, end] of this.until) if (end - this.windowMs <= now - inViewMs) this.until.delete(key);
  }
}

/** The same at a desk with a reader, a keyboard and a camera. */
export class DeskRepeats {
  private readonly shown = new Repeats();
  private readonly inView = new Repeats();

  isRepeat(text: string, kind: VisitKind, input: Input, now: number): boolean {
    // A card that still lies before the camera when the operator turns to 帰り has not been shown again.
    return input === "camera" ? this.inView.isRepeat(text, now) : this.shown.isRepeat(`${kind}:${text}`, now, true);
  }

  /** A form says to read it again once it is closed. */
  release(now: number): void {
    this.shown.release(now);
  }

  /** A button was pressed that says to read the card again. One that still lies before the camera was not shown again. */
  releaseAll(now: number): void {
    this.shown.release(now);
    this.inView.release(now, STILL_IN_VIEW_MS);
  }
}
