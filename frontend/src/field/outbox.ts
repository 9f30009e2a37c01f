/*
 * The one write path of the tablet, on-line and off-line: record on the shelf, then send what is queued.
 * Nothing leaves the queue without a durable result. Transport errors are retried for ever; refusals never.
 */
import { heardOf, reading, sendingStamp, type Reading } from "./clock";
import type { Fact, OpsAnswer, Verdict } from "./protocol";
import type { Entry, Shelf } from "./shelf";

export const MAX_OPS = 200;
const TIMEOUT_MS = 20_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const CALM_WAIT_MS = 20_000;
// With nothing to send the server is asked now and then what it has backed up, and whether it is the same one still.
const HELLO_EVERY_MS = 60_000;
const KEPT_FOR_THE_LIST = 20;
// A tab that the system has put to sleep keeps its lock, perhaps for hours. What two tabs send is a replay.
const LOCKED_OUT_MS = 90_000;

/** How the last attempt went. `blocked`: the server knows this device no more; `text` says what to
 * do. `stored`: the device was stopped, and the server has all of its queue, the last of it in quarantine. */
export type Connection =
  | { readonly kind: "unknown" | "online" | "offline" }
  | { readonly kind: "busy" | "blocked"; readonly text: string; readonly stored?: true };

export interface OutboxOptions {
  readonly shelf: Shelf;
  readonly url: string;
  readonly app: string;
  readonly fetch?: typeof fetch;
  readonly locks?: Pick<LockManager, "request"> | undefined;
  readonly random?: () => number;
  readonly onConnection?: (connection: Connection) => void;
  readonly onSettled?: (entries: readonly Entry[]) => void;
  readonly onQueue?: () => void;
  /** The shelf could not be read or written (disk full, data cleared): nothing was lost that the screen called saved. */
  readonly onTrouble?: (error: unknown) => void;
}

type Outcome = "done" | "restored" | "split" | "stop";

interface Denial {
  readonly code?: string;
  readonly text?: string;
}

export class Outbox {
  private readonly fetch: typeof fetch;
  private readonly random: () => number;
  private running: Promise<void> | undefined;
  private again = false;
  private failures = 0;
  private retryAfterMs = 0;
  private heardAt = -Infinity;
  private lockedOutSince: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private started = false;

  constructor(private readonly options: OutboxOptions) {
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
    this.random = options.random ?? Math.random;
  }

  /** Record a fact; when this returns it is safe on the tablet. Sending starts by itself. */
  async append(fact: Fact, verdict: Verdict): Promise<Entry> {
    const entry = await this.options.shelf.append(fact, verdict);
    this.options.onQueue?.();
    void this.drain();
    return entry;
  }

  /** Send now, and from now on: on `online`, when the page becomes visible, and on a timer with jitter. */
  start(page: Window = window): void {
    this.started = true;
    page.addEventListener("online", () => this.hurry());
    page.document.addEventListener("visibilitychange", () => {
      if (!page.document.hidden) this.hurry();
    });
    page.addEventListener("offline", () => this.options.onConnection?.({ kind: "offline" }));
    void this.drain();
  }

  stop(): void {
    this.started = false;
    clearTimeout(this.timer);
  }

  /** The 送信 button: no waiting out of a pause. With nothing to send it greets the server, which may know us no more. */
  hurry(): Promise<void> {
    this.failures = 0;
    this.retryAfterMs = 0;
    this.heardAt = 0;
    return this.drain();
  }

  /** Send the queue once through. Only one at a time, in this page and across tabs. */
  drain(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    clearTimeout(this.timer);
    this.running = this.rounds()
      .catch((error: unknown) => {
        this.failures += 1;
        this.options.onTrouble?.(error);
      })
      .finally(() => {
        this.running = undefined;
        this.schedule();
      });
    return this.running;
  }

  private async rounds(): Promise<void> {
    do {
      this.again = false;
      await this.alone(() => this.pass());
    } while (this.again && this.failures === 0);
  }

  private async alone(work: () => Promise<void>): Promise<void> {
    const { locks } = this.options;
    if (!locks) {
      // Plain http has no locks. Two tabs then send the same op twice, and the server answers with a replay.
      await work();
      return;
    }
    await locks.request("dvc-outbox", { ifAvailable: true }, async (lock) => {
      this.lockedOutSince = lock ? null : (this.lockedOutSince ?? performance.now());
      if (this.lockedOutSince === null || performance.now() - this.lockedOutSince > LOCKED_OUT_MS) await work();
    });
  }

  private async pass(): Promise<void> {
    const device = await this.options.shelf.device();
    if (!device) return;
    const authorization = `Device ${device.device_id}.${device.secret}`;
    let after = -Infinity;
    let size = MAX_OPS;
    for (;;) {
      const batch = await this.options.shelf.queuedAfter(after, size);
      const last = batch.at(-1);
      if (!last) {
        if (Date.now() - this.heardAt < HELLO_EVERY_MS) break;
        const outcome = await this.send([], authorization, device.epoch);
        if (outcome !== "done" && outcome !== "restored") return;
        continue;
      }
      const outcome = await this.send(batch, authorization, device.epoch);
      if (outcome === "stop") return;
      if (outcome === "restored") {
        after = -Infinity; // what the backup lacks is in the queue again, below what was just sent
        continue;
      }
      if (outcome === "split" && batch.length > 1) {
        size = Math.ceil(batch.length / 2);
        continue;
      }
      // One op alone that the server cannot take stays queued and visible; the others go on past it.
      after = last.seq;
      if (outcome === "done") size = MAX_OPS;
    }
    await this.options.shelf.prune(KEPT_FOR_THE_LIST);
  }

  private async send(batch: readonly Entry[], authorization: string, epoch: number): Promise<Outcome> {
    const ids = batch.map((entry) => entry.op_id);
    this.options.shelf.markSent(ids, true);
    this.options.onQueue?.();
    let response: Response;
    let answer: unknown;
    const asked = reading();
    try {
      response = await this.fetch(this.options.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: authorization },
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        body: JSON.stringify({
          epoch,
          ...sendingStamp(),
          app: this.options.app,
          ops: batch.map((entry) => entry.op),
        }),
      });
      answer = await response.json();
    } catch {
      // No network, a time-out, half an answer, a proxy's HTML: nothing is known, so everything stays queued.
      return this.failed(ids, { kind: "offline" });
    }
    if (response.status === 200 && isAnswer(answer)) return this.arrived(ids, answer, asked);
    const { code, text = "" } = (answer ?? {}) as Denial;
    switch (response.status) {
      case 400:
      case 413:
        this.options.shelf.markSent(ids, false);
        return "split";
      case 401:
      case 403:
      case 426:
        return this.failed(ids, { kind: "blocked", text, ...(code === "device_revoked" && !ids.length ? { stored: true } : {}) });
      case 503:
        this.retryAfterMs = (Number(response.headers.get("Retry-After")) || 0) * 1000;
        return this.failed(ids, { kind: "busy", text });
      default:
        return this.failed(ids, { kind: "busy", text: "サーバーが答えられません。自動で送り直します。" });
    }
  }

  private async arrived(ids: readonly string[], answer: OpsAnswer, asked: Reading): Promise<Outcome> {
    this.failures = 0;
    this.retryAfterMs = 0;
    this.heardAt = Date.now();
    const heard = heardOf(answer.server_time, asked, reading());
    const { settled, restored } = await this.options.shelf.settle(answer.results, answer.generation, answer.backed_up_seq, heard);
    this.options.shelf.markSent(ids, false);
    this.options.onConnection?.(
      answer.device === "revoked" ? { kind: "blocked", text: answer.text ?? "", stored: true } : { kind: "online" },
    );
    this.options.onSettled?.(settled);
    this.options.onQueue?.();
    return restored ? "restored" : "done";
  }

  private failed(ids: readonly string[], connection: Connection): "stop" {
    this.failures += 1;
    this.options.shelf.markSent(ids, false);
    this.options.onConnection?.(connection);
    this.options.onQueue?.();
    return "stop";
  }

  private schedule(): void {
    if (!this.started) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.drain(), this.nextWait());
  }

  /** Milliseconds until the next attempt: doubling up to a minute, and never all tablets at once. */
  nextWait(): number {
    const base = this.failures ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1)) : CALM_WAIT_MS;
    return Math.max(this.retryAfterMs, base) * (0.75 + 0.5 * this.random());
  }
}

function isAnswer(answer: unknown): answer is OpsAnswer {
  return typeof answer === "object" && answer !== null && Array.isArray((answer as { results?: unknown }).results);
}
