/* Wrong PINs: five in a row close the door for a minute, each further one for twice as long, up to half an hour. */
const KEY = "operator-tries";
const FREE = 5;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 30 * 60_000;

interface Tries {
  readonly wrong: number;
  readonly until: number;
}

/** Counted for each badge, and kept across reloads. */
export class TryCounter {
  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    private readonly now: () => number = Date.now,
  ) {}

  /** Milliseconds this badge must wait, 0 when it may try. */
  wait(badge: string): number {
    return Math.max(0, (this.read()[badge]?.until ?? 0) - this.now());
  }

  /** One more wrong PIN. Returns the wait it costs. */
  wrong(badge: string): number {
    const all = this.read();
    const wrong = (all[badge]?.wrong ?? 0) + 1;
    const wait = wrong < FREE ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - FREE));
    this.write({ ...all, [badge]: { wrong, until: this.now() + wait } });
    return wait;
  }

  right(badge: string): void {
    const { [badge]: _gone, ...others } = this.read();
    this.write(others);
  }

  private read(): Readonly<Record<string, Tries>> {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? "{}") as Record<string, Tries>;
    } catch {
      return {};
    }
  }

  private write(all: Readonly<Record<string, Tries>>): void {
    this.storage.setItem(KEY, JSON.stringify(all));
  }
}
