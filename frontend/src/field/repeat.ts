/** A card that lies before the camera is one scan, not thirty: the same thing again within `windowMs` is a repeat. */
export class Repeats {
  private key = "";
  private until = 0;

  constructor(private readonly windowMs = 4000) {}

  /** True when `key` was seen less than the window ago. Every sight of it starts the window again. */
  isRepeat(key: string, now: number): boolean {
    const repeat = key === this.key && now < this.until;
    this.key = key;
    this.until = now + this.windowMs;
    return repeat;
  }
}
