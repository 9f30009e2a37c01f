/** A card that lies before the camera is one scan, not thirty: the same thing again within `windowMs` is a repeat. */
export class Repeats {
  private readonly until = new Map<string, number>();

  constructor(private readonly windowMs = 4000) {}

  /** True when `key` was seen less than the window ago. Every sight of it starts the window again; others do not end it. */
  isRepeat(key: string, now: number): boolean {
    for (const [other, end] of this.until) if (end <= now) this.until.delete(other);
    const repeat = this.until.has(key);
    this.until.set(key, now + this.windowMs);
    return repeat;
  }
}
