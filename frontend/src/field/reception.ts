/* The reception screen: from a scan to a verdict, on-line and off-line by the same path. */
import { cardPrefix, readShortCode } from "./card";
import { stamp } from "./clock";
import { icon, part } from "./elements";
import { prepareOffline } from "./offline";
import { Outbox, type Connection } from "./outbox";
import { drawPanel, spoken, verdictOf, type Shown } from "./panel";
import { PresenceList } from "./presence";
import type { Device, Fact, Input, Kind, Payload, Snapshot, Verdict } from "./protocol";
import { LISTED, drawRecent } from "./recent";
import { wireRegister } from "./register";
import { Repeats } from "./repeat";
import { Scanner, type CameraState, type Facing } from "./scanner";
import { Shelf, type Entry } from "./shelf";
import { preview, refreshSnapshot, say, type Subject } from "./snapshot";
import { Sound } from "./sound";
import { uuid7 } from "./uuid7";
import { listenToWedge } from "./wedge";

const SNAPSHOT_EVERY_MS = 90_000;
const OFFLINE_RETRY_MS = 20_000;
const NOT_A_FACT = new Set(["unreadable", "no_such_code"]);

const LINKS: Record<Connection["kind"], readonly [string, string]> = {
  unknown: ["online", "つながりを確かめています"],
  online: ["online", "つながっています"],
  offline: ["offline", "つながっていません — 記録は端末に残ります"],
  busy: ["warn", "サーバーが混み合っています — 記録は端末に残ります"],
  blocked: ["stop", "送信できません — 記録は端末に残ります"],
};

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openReception(page: HTMLElement): Promise<void> {
  const shelf = await Shelf.open();
  const reception = new Reception(page, shelf);
  wireRegister(page, shelf, (device) => void reception.begin(device));
  const device = await shelf.device();
  if (device) await reception.begin(device);
  else part(page, "register").hidden = false;
  const offline = await prepareOffline();
  part(page, "ready").textContent = offline.say;
  page.dataset["offline"] = offline.ready ? "ready" : "no";
}

class Reception {
  private readonly operation: number;
  private readonly actor: number | null;
  private readonly outbox: Outbox;
  private readonly sound = new Sound(localStorage);
  private readonly presence = new PresenceList();
  private readonly repeats = new Repeats();
  private readonly inView = new Repeats();
  private readonly panel: HTMLElement;
  private snapshot: Snapshot | null = null;
  private connection: Connection = { kind: "unknown" };
  private device: Device | null = null;
  private way: Kind = "visit.arrive";
  private shown: Shown | null = null;
  private turn = 0;
  private begun = false;
  private snapshotTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
  ) {
    this.operation = Number(page.dataset["operationId"]);
    this.actor = Number(page.dataset["actorId"]) || null;
    this.panel = part(page, "verdict");
    this.outbox = new Outbox({
      shelf,
      url: page.dataset["opsUrl"] ?? "",
      app: (page.dataset["app"] ?? "").slice(0, 20),
      locks: navigator.locks as LockManager | undefined,
      onConnection: (connection) => this.connected(connection),
      onSettled: (entries) => this.settled(entries),
      onQueue: () => void this.drawQueue(),
    });
  }

  /** Start, or start again under a new registration. */
  async begin(device: Device): Promise<void> {
    this.device = device;
    part(this.page, "register").hidden = true;
    part(this.page, "blocked").hidden = true;
    for (const name of ["desk", "tools", "link", "unsent"]) part(this.page, name).hidden = false;
    part(this.page, "device-name").textContent = `端末：${device.name}`;
    this.connected({ kind: navigator.onLine ? "unknown" : "offline" });
    this.snapshot = (await this.shelf.snapshot(this.operation))?.content ?? null;
    await this.countPresence();
    await this.drawQueue();
    if (!this.begun) {
      this.begun = true;
      this.wireButtons();
      this.wireInputs();
      this.outbox.start();
      window.addEventListener("online", () => void this.freshen());
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden) void this.freshen();
      });
    } else {
      void this.outbox.hurry();
    }
    await this.freshen();
    this.page.dataset["ready"] = "yes";
  }

  // ── from a subject to a record ──────────────────────────────────────────────────────────────

  private async scan(subject: Subject, input: Input, kind: Kind = this.way): Promise<void> {
    const text = "card" in subject ? subject.card : subject.shortCode;
    // A card that still lies before the camera when the operator turns to 帰り has not been shown again.
    const seen = input === "camera" ? this.inView : this.repeats;
    if (seen.isRepeat(input === "camera" ? text : `${kind}:${text}`, Date.now())) return;
    this.turn += 1;
    const turn = this.turn;
    const verdict = await preview(subject, kind, {
      snapshot: this.snapshot,
      presence: this.presence,
      today: localDay(new Date()),
    });
    if (NOT_A_FACT.has(verdict.code)) {
      this.show({ verdict, entry: null }, turn);
      this.sound.play(verdict.tone);
      return;
    }
    const payload = "card" in subject ? { card: subject.card, input } : { short_code: subject.shortCode, input };
    await this.record(kind, payload, verdict, turn);
  }

  /** Another fact about the person on the panel: a tap on a todo, or the other way round. */
  private async act(kind: Kind): Promise<void> {
    const shown = this.shown;
    if (!shown?.entry) return;
    this.turn += 1;
    const { card, short_code, volunteer } = shown.entry.op.payload;
    const subject: Payload = card !== undefined ? { card } : short_code !== undefined ? { short_code } : { volunteer: volunteer ?? 0 };
    const { name, kana, todo } = shown.verdict;
    const done = kind === "visit.orient" ? "orientation" : "insurance";
    const code = { "visit.arrive": "ok", "visit.leave": "ok_left", "visit.orient": "ok_oriented", "visit.insure": "ok_insured" }[kind];
    const verdict = say(
      this.snapshot, code, { name, kana, volunteer: shown.verdict.volunteer },
      kind === "visit.leave" ? [] : todo.filter((each) => each.code !== done),
    );
    const evidence = kind === "visit.insure" ? ({ evidence: "seen_card" } as const) : {};
    await this.record(kind, { ...subject, ...evidence }, verdict, this.turn);
  }

  private async record(kind: Kind, payload: Payload, verdict: Verdict, turn: number): Promise<void> {
    const fact: Fact = {
      op_id: uuid7(),
      actor: this.actor,
      operation: this.operation,
      kind,
      v: 1,
      ...stamp(),
      lane: laneOf(payload, verdict),
      base: {},
      payload,
      mode: this.connection.kind === "online" ? "online" : "offline",
    };
    let entry: Entry;
    try {
      entry = await this.outbox.append(fact, verdict);
    } catch (error) {
      // The tablet could not write (disk full, shelf closed): nobody may believe that this was recorded.
      this.show({ verdict: NOT_WRITTEN, entry: null }, turn);
      this.sound.play("stop");
      throw error;
    }
    this.presence.note(entry);
    this.show({ verdict, entry }, turn);
    this.sound.play(verdict.tone);
  }

  // ── what comes back ─────────────────────────────────────────────────────────────────────────

  private settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.presence.note(entry);
      if (entry.op_id !== this.shown?.entry?.op_id) continue;
      const before = this.shown.verdict;
      const verdict = verdictOf(entry);
      this.show({ verdict, entry }, this.turn);
      if (verdict.tone !== before.tone) this.sound.play(verdict.tone);
    }
    if (entries.some((entry) => entry.result?.code === "invalid" || entry.result?.tone === "stop")) void this.freshen();
  }

  private connected(connection: Connection): void {
    this.connection = connection;
    const [name, words] = LINKS[connection.kind];
    const link = part(this.page, "link");
    if (link.dataset["kind"] !== connection.kind) {
      link.dataset["kind"] = connection.kind;
      link.replaceChildren(icon(name), words);
    }
    const blocked = part(this.page, "blocked");
    blocked.hidden = connection.kind !== "blocked";
    if (connection.kind === "blocked") part(this.page, "blocked-text").textContent = connection.text;
  }

  private async countPresence(): Promise<void> {
    const { snapshot } = this;
    const entries = await this.shelf.since(snapshot ? Date.parse(snapshot.server_time) : 0);
    this.presence.reset(snapshot, entries.filter((entry) => entry.op.operation === this.operation));
  }

  private async freshen(): Promise<void> {
    clearTimeout(this.snapshotTimer);
    if (!this.device) return;
    const url = this.page.dataset["snapshotUrl"] ?? "";
    const { snapshot, came } = await refreshSnapshot(this.shelf, { url, operation: this.operation, device: this.device });
    if (snapshot && snapshot.version !== this.snapshot?.version) {
      this.snapshot = snapshot;
      await this.countPresence();
    }
    if (this.connection.kind !== "blocked" && this.connection.kind !== "busy") {
      const wasOffline = this.connection.kind === "offline";
      this.connected({ kind: came ? "online" : "offline" });
      if (came && wasOffline) void this.outbox.hurry();
    }
    const wait = came ? SNAPSHOT_EVERY_MS : OFFLINE_RETRY_MS;
    this.snapshotTimer = setTimeout(() => void this.freshen(), wait * (0.75 + 0.5 * Math.random()));
  }

  // ── the screen ──────────────────────────────────────────────────────────────────────────────

  private show(shown: Shown, turn: number): void {
    if (turn < this.turn) return; // a later card is on the panel already
    this.shown = shown;
    drawPanel(this.panel, shown, (kind) => void this.act(kind));
    part(this.page, "live").textContent = spoken(shown);
  }

  private async drawQueue(): Promise<void> {
    const shownId = this.shown?.entry?.op_id;
    const [count, newest, toLookAt, current] = await Promise.all([
      this.shelf.queuedCount(),
      this.shelf.newest(LISTED),
      this.shelf.toLookAt(),
      shownId === undefined ? undefined : this.shelf.entry(shownId),
    ]);
    part(this.page, "unsent-count").textContent = String(count);
    part(this.page, "unsent").dataset["some"] = count ? "yes" : "no";
    drawRecent(
      { list: part(this.page, "recent"), empty: part(this.page, "recent-empty"), look: part(this.page, "look") },
      newest,
      toLookAt,
      (entry) => void this.shelf.dismiss(entry.op_id).then(() => this.drawQueue()),
    );
    const shown = this.shown;
    if (shown?.entry && current?.op_id === shown.entry.op_id && current.state !== shown.entry.state && !current.result) {
      this.show({ verdict: shown.verdict, entry: current }, this.turn);
    }
  }

  private wireButtons(): void {
    const { page } = this;
    part(page, "send").addEventListener("click", () => {
      void this.outbox.hurry();
      void this.freshen();
    });
    part(page, "reregister").addEventListener("click", () => {
      part(page, "desk").hidden = true;
      part(page, "register").hidden = false;
    });
    for (const press of page.querySelectorAll<HTMLButtonElement>("[data-way]")) {
      press.addEventListener("click", () => this.setWay(press.dataset["way"] as Kind));
    }
    const sound = part<HTMLButtonElement>(page, "sound");
    const drawSound = (): void => {
      sound.setAttribute("aria-pressed", String(!this.sound.muted));
      sound.replaceChildren(icon(this.sound.muted ? "mute" : "sound"), this.sound.muted ? "音 切" : "音 入");
    };
    sound.addEventListener("click", () => {
      this.sound.muted = !this.sound.muted;
      drawSound();
    });
    drawSound();
    for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => this.sound.unlock(), { passive: true });
    this.setWay(this.way);
  }

  private setWay(way: Kind): void {
    this.way = way;
    this.page.dataset["wayNow"] = way;
    for (const press of this.page.querySelectorAll<HTMLButtonElement>("[data-way]")) {
      press.setAttribute("aria-pressed", String(press.dataset["way"] === way));
    }
  }

  private wireInputs(): void {
    listenToWedge(document, (text) => void this.scan({ card: text }, "reader"));
    this.wireTyped();
    this.wireCamera();
  }

  private wireTyped(): void {
    const form = part<HTMLFormElement>(this.page, "typed");
    const field = form.querySelector("input")!;
    const wrong = part(this.page, "typed-say");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = readShortCode(field.value);
      wrong.textContent = code
        ? ""
        : "番号が合いません。カードの8文字をもう一度見て、入力してください（Oは0、IとLは1として読みます）。";
      if (!code) return;
      field.value = "";
      void this.scan({ shortCode: code }, "typed");
    });
  }

  private wireCamera(): void {
    const press = part<HTMLButtonElement>(this.page, "camera");
    const flip = part<HTMLButtonElement>(this.page, "flip");
    const video = part<HTMLVideoElement>(this.page, "video");
    const words = part(this.page, "eye-say");
    let facing: Facing = localStorage.getItem("camera-facing") === "user" ? "user" : "environment";
    let on = false;
    const draw = (state: CameraState): void => {
      on = state.kind === "on" || state.kind === "starting";
      press.setAttribute("aria-pressed", String(on));
      press.replaceChildren(icon("camera"), on ? "カメラ 入" : "カメラ 切");
      part(this.page, "eye").dataset["camera"] = state.kind;
      video.hidden = state.kind !== "on";
      flip.hidden = !on;
      words.hidden = state.kind === "on";
      if (state.kind === "none") words.textContent = state.say;
      else if (state.kind === "starting") words.textContent = "カメラを準備しています…";
      else words.textContent = "カメラを使うときは「カメラ」を押してください。リーダーは、いつでも読み取れます。";
    };
    const scanner = new Scanner(video, (text) => void this.scan({ card: text }, "camera"), draw);
    const turnOn = (): void => {
      localStorage.setItem("camera", "on");
      void scanner.start(facing);
    };
    draw({ kind: "off" });
    press.addEventListener("click", () => {
      if (!on) {
        turnOn();
        return;
      }
      localStorage.setItem("camera", "off");
      scanner.stop();
    });
    flip.addEventListener("click", () => {
      facing = facing === "user" ? "environment" : "user";
      localStorage.setItem("camera-facing", facing);
      turnOn();
    });
    if (localStorage.getItem("camera") === "on") turnOn();
  }
}

const NOT_WRITTEN: Verdict = {
  code: "not_written",
  tone: "stop",
  title: "端末に保存できませんでした",
  say: "紙に名前と時刻を書き、ページを開き直してから、もう一度読み取ってください。",
  name: "",
  kana: "",
  volunteer: null,
  todo: [],
};

function laneOf(payload: Payload, verdict: Verdict): string {
  if (verdict.volunteer !== null) return `person:${verdict.volunteer}`;
  if (payload.card !== undefined) return `card:${cardPrefix(payload.card) ?? "unknown"}`;
  return `code:${payload.short_code ?? "unknown"}`;
}

function localDay(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
