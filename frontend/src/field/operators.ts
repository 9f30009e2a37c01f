/*
 * Who may work at this tablet, and who does now. The queue belongs to the device: nothing here touches it; the operator
 * is only written into each op. Checked by the server while there is one, else against the verifiers it sent before.
 */
import { proofOf, pinKey, verifierOf } from "./pin";
import type { Device } from "./protocol";
import { TryCounter } from "./tries";

const LIST_KEY = "operators";
const NOW_KEY = "operator";
const ACTIVE_KEY = "operator-active";
const CARD_KEY = "operator-badge";
const PAGE_ACTOR_KEY = "page-actor";
const SERVER_PATIENCE_MS = 4_000;
const TIMEOUT_MS = 20_000;
export const IDLE_MS = 10 * 60_000;

/** One line of the server's list: `badge` is the first half of the badge's id. */
export interface Operator {
  readonly badge: string;
  readonly user: number;
  readonly name: string;
  readonly verifier: string;
  readonly ends_at: string | null;
}

/** Who works here: by badge and PIN, or (without `badge`) whoever was signed in when the page was opened. */
export interface Worker {
  readonly user: number;
  readonly name: string;
  readonly badge?: string;
}

/** A badge that was read; `text` is the whole of it, for the server. */
export interface Face {
  readonly cardId: string;
  readonly prefix: string;
  readonly text: string;
}

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly say: string; readonly again: boolean };

interface Stored {
  readonly device: string;
  readonly etag: string;
  readonly operators: readonly Operator[];
}

export interface OperatorsOptions {
  readonly listUrl: string;
  readonly signInUrl: string;
  /** Who is signed in to the site in this browser, if anybody. */
  readonly pageActor: Worker | null;
  readonly local: Storage;
  /** Forgotten when the tab is closed: the whole badge of whoever works now, so that a PIN alone unlocks. */
  readonly session: Storage;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

export class Operators {
  private readonly fetch: typeof fetch;
  private readonly now: () => number;
  private readonly tries: TryCounter;
  private device: Device | null = null;
  private worker: Worker | null;
  private isLocked: boolean;

  constructor(private readonly options: OperatorsOptions) {
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
    this.now = options.now ?? Date.now;
    this.tries = new TryCounter(options.local, this.now);
    this.worker = this.firstWorker();
    this.isLocked = this.worker?.badge !== undefined && this.idleFor() > IDLE_MS;
  }

  get current(): Worker | null {
    return this.worker;
  }

  /** Nobody may record now: somebody has to sign in. A center without badges is never locked. */
  get locked(): boolean {
    return this.isLocked || (this.worker === null && this.list().length > 0);
  }

  /** Whether a PIN alone opens: the badge was read in this tab. */
  get remembered(): Face | null {
    const face = read<Face>(this.options.session, CARD_KEY);
    return face && face.prefix === this.worker?.badge ? face : null;
  }

  nameOf(badge: string): string {
    return this.list().find((each) => each.badge === badge)?.name ?? "";
  }

  /** From now on for this device. Another device's list is forgotten. */
  use(device: Device): void {
    this.device = device;
    if (read<Stored>(this.options.local, LIST_KEY)?.device !== device.device_id) {
      this.options.local.removeItem(LIST_KEY);
    }
  }

  /** Somebody touched the tablet. */
  touch(): void {
    const now = this.now();
    if (now - this.lastActive() > 5_000) this.options.local.setItem(ACTIVE_KEY, String(now));
  }

  /** Lock when nobody touched it for long. Returns whether it is locked now by this. */
  lockIfIdle(): boolean {
    if (this.isLocked || this.worker?.badge === undefined || this.idleFor() <= IDLE_MS) return false;
    this.lock();
    return true;
  }

  /** Leave the seat. Whoever works by the site's own session is let go; a badge holder comes back by PIN. */
  lock(): void {
    this.isLocked = this.worker?.badge !== undefined;
    if (!this.isLocked) this.setWorker(null);
  }

  /** Ask for the list. Whoever is no longer on it is signed out; returns whether that happened. */
  async refresh(): Promise<boolean> {
    const { device } = this;
    if (!device) return false;
    if (!this.options.listUrl) return false;
    const stored = this.stored();
    try {
      const response = await this.fetch(this.options.listUrl, {
        headers: { ...authorization(device), ...(stored ? { "If-None-Match": stored.etag } : {}) },
        credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status === 200) {
        const { operators } = (await response.json()) as { operators: readonly Operator[] };
        this.keep({ device: device.device_id, etag: response.headers.get("ETag") ?? "", operators });
      } else if (response.status !== 304) return false;
    } catch {
      return false; // no network: whoever was on the list before may work on
    }
    return this.letGoOfTheEnded();
  }

  /** Whoever works by a badge that is no longer good is signed out. What was recorded stays. */
  private letGoOfTheEnded(): boolean {
    const badge = this.worker?.badge;
    if (badge === undefined || this.list().some((each) => each.badge === badge)) return false;
    this.setWorker(null);
    this.isLocked = false;
    return true;
  }

  /** Badge and PIN. On success that person works here; whoever did before is replaced, the queue is not touched. */
  async signIn(face: Face, pin: string): Promise<Outcome> {
    const { device } = this;
    if (!device) return no("端末の登録が見つかりません。このページを開き直してください。");
    // On the unencrypted line a badge and its proof must not be sent at all: they would be overheard, refused or not.
    if (!this.options.signInUrl) return no("暗号化なしの受付では、担当者の切り替えはできません。担当者なしのまま受付を続けてください。");
    const wait = this.tries.wait(face.prefix);
    if (wait > 0) return no(tooMany(wait));
    const key = await pinKey(pin, face.cardId);
    const answer = await this.askServer(device, face.text, proofOf(key, device.device_id));
    if (answer === "unreachable") return this.checkHere(face, verifierOf(key, device.device_id));
    if ("verifier" in answer) {
      this.remember(answer);
      return this.enter(face, answer);
    }
    return answer.code === "operator.pin_wrong" ? this.wrong(face) : no(answer.text);
  }

  private checkHere(face: Face, verifier: string): Outcome {
    const known = this.list().find((each) => each.badge === face.prefix);
    if (!known) return no("つながっていないため、この職員証を確かめられません。つながるところで一度入るか、別の人に代わってください。");
    if (known.ends_at !== null && Date.parse(known.ends_at) <= this.now()) {
      return no("使える期限が過ぎています。センター長に確認してください。");
    }
    return known.verifier === verifier ? this.enter(face, known) : this.wrong(face);
  }

  private wrong(face: Face): Outcome {
    const wait = this.tries.wrong(face.prefix);
    if (wait > 0) return no(tooMany(wait));
    return { ok: false, say: "暗証番号が違います。もう一度入力してください。", again: true };
  }

  private enter(face: Face, { user, name, badge }: Operator): Outcome {
    this.tries.right(face.prefix);
    this.options.session.setItem(CARD_KEY, JSON.stringify(face));
    this.options.local.setItem(ACTIVE_KEY, String(this.now()));
    this.setWorker({ user, name, badge });
    this.isLocked = false;
    return { ok: true };
  }

  private async askServer(device: Device, badge: string, proof: string): Promise<Operator | { code: string; text: string } | "unreachable"> {
    try {
      const response = await this.fetch(this.options.signInUrl, {
        method: "POST",
        headers: { ...authorization(device), "Content-Type": "application/json" },
        body: JSON.stringify({ badge, proof }),
        credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(SERVER_PATIENCE_MS),
      });
      if (response.status === 200 || response.status === 409) {
        return (await response.json()) as Operator | { code: string; text: string };
      }
      return "unreachable";
    } catch {
      return "unreachable";
    }
  }

  private firstWorker(): Worker | null {
    const { local, pageActor } = this.options;
    const signedIn = String(pageActor?.user ?? "");
    // Somebody else has signed in to the site since: they are at the tablet now.
    const somebodyNew = pageActor !== null && local.getItem(PAGE_ACTOR_KEY) !== signedIn;
    if (pageActor) local.setItem(PAGE_ACTOR_KEY, signedIn);
    const before = read<Worker>(local, NOW_KEY);
    return somebodyNew ? pageActor : (before ?? pageActor);
  }

  private setWorker(worker: Worker | null): void {
    this.worker = worker;
    if (worker?.badge === undefined) {
      this.options.local.removeItem(NOW_KEY);
      this.options.session.removeItem(CARD_KEY);
    } else this.options.local.setItem(NOW_KEY, JSON.stringify(worker));
  }

  private remember(operator: Operator): void {
    const stored = this.stored();
    if (!this.device) return;
    const others = (stored?.operators ?? []).filter((each) => each.badge !== operator.badge);
    this.keep({ device: this.device.device_id, etag: "", operators: [...others, operator] });
  }

  private keep(stored: Stored): void {
    this.options.local.setItem(LIST_KEY, JSON.stringify(stored));
  }

  private stored(): Stored | null {
    return read<Stored>(this.options.local, LIST_KEY);
  }

  private list(): readonly Operator[] {
    return this.stored()?.operators ?? [];
  }

  private lastActive(): number {
    return Number(this.options.local.getItem(ACTIVE_KEY) ?? 0);
  }

  private idleFor(): number {
    return this.now() - this.lastActive();
  }
}

function authorization(device: Device): { Authorization: string } {
  return { Authorization: `Device ${device.device_id}.${device.secret}` };
}

function no(say: string): Outcome {
  return { ok: false, say, again: false };
}

function tooMany(wait: number): string {
  const words = wait > 90_000 ? `${Math.ceil(wait / 60_000)}分` : `${Math.ceil(wait / 1000)}秒`;
  return `続けて間違えたため、あと${words}ほど入れません。待ってから入力するか、別の人の職員証を読み取ってください。`;
}

function read<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}
