/* A snapshot that grows no older than it must: on a timer with jitter, sooner while the network is away. */
import { refreshSnapshot } from "./download";
import type { Device, Snapshot } from "./protocol";
import type { Shelf } from "./shelf";

const SNAPSHOT_EVERY_MS = 90_000;
const OFFLINE_RETRY_MS = 20_000;

export class Freshness {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Questions that were asked, and the latest of them that was answered. */
  private asked = 0;
  private answered = 0;

  /** `held`: the snapshot in use. `onAnswer` hears after every attempt what is held now and whether the server answered. */
  constructor(
    private readonly shelf: Shelf,
    private readonly url: string,
    private readonly operation: number,
    private readonly held: () => Snapshot | null,
    private readonly onAnswer: (snapshot: Snapshot | null, came: boolean) => Promise<void>,
  ) {}

  /** Ask now, and again when it is time. One question may overtake another that hangs in a bad network: what that one
      comes to is older than what is held by then, and nothing is made of it. */
  async freshen(device: Device): Promise<void> {
    clearTimeout(this.timer);
    const mine = (this.asked += 1);
    const take = (): boolean => {
      if (mine < this.answered) return false;
      this.answered = mine;
      return true;
    };
    const before = this.held();
    const { snapshot, came } = await refreshSnapshot(this.shelf, before, { url: this.url, operation: this.operation, device, take });
    if (mine < this.answered) return;
    try {
      await this.onAnswer(snapshot === before ? this.held() : snapshot, came); // an earlier one may have been answered meanwhile
    } finally {
      // Also when the shelf could not be read for once: a page that is open all day must not grow old by it.
      clearTimeout(this.timer);
      const wait = came ? SNAPSHOT_EVERY_MS : OFFLINE_RETRY_MS;
      this.timer = setTimeout(() => void this.freshen(device), wait * (0.75 + 0.5 * Math.random()));
    }
  }
}
