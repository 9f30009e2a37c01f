/* A snapshot that grows no older than it must: on a timer with jitter, sooner while the network is away. */
import { refreshSnapshot } from "./download";
import type { Device, Snapshot } from "./protocol";
import type { Shelf } from "./shelf";

const SNAPSHOT_EVERY_MS = 90_000;
const OFFLINE_RETRY_MS = 20_000;

export class Freshness {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `held`: the snapshot in use. `onAnswer` hears after every attempt what is held now and whether the server answered. */
  constructor(
    private readonly shelf: Shelf,
    private readonly url: string,
    private readonly operation: number,
    private readonly held: () => Snapshot | null,
    private readonly onAnswer: (snapshot: Snapshot | null, came: boolean) => Promise<void>,
  ) {}

  /** Ask now, and again when it is time. */
  async freshen(device: Device): Promise<void> {
    clearTimeout(this.timer);
    const { snapshot, came } = await refreshSnapshot(this.shelf, this.held(), { url: this.url, operation: this.operation, device });
    await this.onAnswer(snapshot, came);
    clearTimeout(this.timer);
    const wait = came ? SNAPSHOT_EVERY_MS : OFFLINE_RETRY_MS;
    this.timer = setTimeout(() => void this.freshen(device), wait * (0.75 + 0.5 * Math.random()));
  }
}
