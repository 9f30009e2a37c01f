/*
 * What the reception and the kiosk are under their screens: a registered device with its queue, the snapshot it judges
 * by, who is here, and the release it runs. What comes back it tells the page, which draws.
 */
import { storedSnapshot } from "./download";
import { part } from "./elements";
import { factOf, localDay, type Hands } from "./facts";
import { forgetAnswers } from "./forget_answers";
import { Freshness } from "./freshness";
import { Outbox, type Connection } from "./outbox";
import { PresenceList } from "./presence";
import type { Device, Kind, Payload, Snapshot, Verdict } from "./protocol";
import { ReleaseWatch } from "./release";
import { startReporting } from "./report";
import type { Entry, Shelf } from "./shelf";
import { showTrouble, troubleText } from "./trouble";

const LATELY_MS = 120_000;

/** What the page does when something comes back. */
export interface StationNews {
  /** How the last attempt went; `before`: the one before it. */
  readonly connected: (now: Connection, before: Connection) => void;
  /** The files of another release are here. */
  readonly released: () => void;
  readonly settled: (entries: readonly Entry[]) => void;
  /** What waits to be sent may have changed. */
  readonly queue: () => Promise<void>;
  /** Who is here was counted anew. `ofToday`: what this tablet recorded today and the snapshot may lack, oldest first. */
  readonly counted: (ofToday: readonly Entry[]) => Promise<void> | void;
  /** Fresh data is asked for: the moment to ask also for what only this page has. */
  readonly freshening?: () => void;
}

export class Station {
  readonly operation: number;
  readonly presence = new PresenceList();
  private readonly outbox: Outbox;
  private readonly freshness: Freshness;
  private readonly releases: ReleaseWatch;
  private readonly server: { readonly shelf: Shelf; readonly url: string; readonly app: string };
  private snapshot_: Snapshot | null = null;
  private connection_: Connection = { kind: "unknown" };
  private device_: Device | null = null;
  private day = "";
  /** Settled lately, with the time: a snapshot that was made meanwhile may lack them. */
  private lately: { readonly entry: Entry; readonly at: number }[] = [];

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
    private readonly news: StationNews,
  ) {
    this.operation = Number(page.dataset["operationId"]);
    this.server = { shelf, url: page.dataset["opsUrl"] ?? "", app: (page.dataset["app"] ?? "").slice(0, 20) };
    this.outbox = new Outbox({
      ...this.server,
      locks: navigator.locks as LockManager | undefined,
      onConnection: (connection) => this.connected(connection),
      onSettled: (entries) => this.settled(entries),
      onQueue: () => void news.queue(),
      onTrouble: (error) => showTrouble(page, troubleText(error)),
    });
    this.releases = new ReleaseWatch(news.released);
    const url = page.dataset["snapshotUrl"] ?? "";
    this.freshness = new Freshness(shelf, url, this.operation, () => this.snapshot_, (snapshot, came) => this.answered(snapshot, came));
  }

  get snapshot(): Snapshot | null {
    return this.snapshot_;
  }

  get connection(): Connection["kind"] {
    return this.connection_.kind;
  }

  get device(): Device | null {
    return this.device_;
  }

  /** What a scan is judged by now. */
  get known(): { snapshot: Snapshot | null; presence: PresenceList; today: string } {
    return { snapshot: this.snapshot_, presence: this.presence, today: localDay(new Date()) };
  }

  /** Be this device, with what the shelf holds: at the start, and again under a new registration. */
  async use(device: Device): Promise<void> {
    this.device_ = device;
    part(this.page, "device-name").textContent = `端末：${device.name}`;
    this.connected({ kind: navigator.onLine ? "unknown" : "offline" });
    this.snapshot_ = await storedSnapshot(this.shelf, this.operation);
    await this.count();
    await this.news.queue();
  }

  /** Send and report from now on, and ask for fresh data whenever there is a reason to. Once. */
  start(operator?: () => number | null): void {
    this.outbox.start();
    this.turnDay();
    startReporting(this.server, operator);
    window.addEventListener("online", () => void this.freshen());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.freshen();
    });
  }

  /** Write a fact down; when this returns it is safe on the tablet. Rejects when it could not be written. */
  async record(kind: Kind, payload: Payload, verdict: Verdict, hands: Hands): Promise<Entry> {
    const online = this.connection_.kind === "online";
    const entry = await this.outbox.append(factOf(kind, payload, verdict, { ...hands, operation: this.operation, online }), verdict);
    this.presence.note(entry);
    return entry;
  }

  /** Send what is queued without waiting out a pause. */
  hurry(): void {
    void this.outbox.hurry();
  }

  /** Ask for fresh data now. */
  async freshen(): Promise<void> {
    if (!this.device_) return;
    this.news.freshening?.();
    await this.freshness.freshen(this.device_);
  }

  private connected(connection: Connection): void {
    const before = this.connection_;
    this.connection_ = connection;
    if (connection.kind === "online" && before.kind !== "online") this.releases.ask();
    this.news.connected(connection, before);
  }

  private settled(entries: readonly Entry[]): void {
    const now = Date.now();
    this.lately = [...this.lately.filter(({ at }) => now - at < LATELY_MS), ...entries.map((entry) => ({ entry, at: now }))];
    for (const entry of entries) this.presence.note(entry);
    this.news.settled(entries);
    const refused = entries.filter(({ result }) => result?.tone === "stop");
    if (refused.some(({ op }) => op.kind === "visit.undo")) void this.count();
    // The tablet judged by data that is too old.
    if (refused.some(({ op }) => op.kind !== "scan.failed")) void this.freshen();
  }

  private async answered(snapshot: Snapshot | null, came: boolean): Promise<void> {
    const isNewDay = this.turnDay();
    // Also with the same content: what it held before its answer came is counted from the records no longer.
    const isNewer = snapshot !== null && snapshot !== this.snapshot_;
    if (isNewer) this.snapshot_ = snapshot;
    if (isNewer || isNewDay) await this.count();
    const before = this.connection_.kind;
    if (before === "blocked" || before === "busy") return; // said of the queue, and only the queue can take it back
    this.connected({ kind: came ? "online" : "offline" });
    if (came && before === "offline") this.hurry();
  }

  private async count(): Promise<void> {
    const snapshot = this.snapshot_;
    const since = snapshot ? Date.parse(snapshot.server_time) : 0;
    const asked = Math.min(snapshot?.asked ?? since, since); // it may have been made before: another tablet asked first
    const known = new Map((await this.shelf.since(since, asked)).map((entry) => [entry.op_id, entry]));
    for (const { entry, at } of this.lately) if (at >= asked) known.set(entry.op_id, entry);
    const entries = [...known.values()].sort((a, b) => (a.op_id < b.op_id ? -1 : 1));
    const mine = entries.filter((entry) => entry.op.operation === this.operation);
    const today = localDay(new Date());
    this.presence.reset(snapshot, mine, today);
    await this.news.counted(mine.filter(({ op }) => localDay(new Date(op.t_wall)) === today));
  }

  /** What people said is for the day, also on a tablet that nobody ever closes. Whether another day has begun. */
  private turnDay(): boolean {
    const day = localDay(new Date());
    if (day === this.day) return false;
    this.day = day;
    forgetAnswers(this.shelf, new Date()).catch((error: unknown) => showTrouble(this.page, troubleText(error)));
    return true;
  }
}
