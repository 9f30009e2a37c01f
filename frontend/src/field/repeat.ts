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
