/* The reception screen: from a scan to a verdict, on-line and off-line by the same path. */
import { shortAbilities } from "./abilities";
import { wireCamera } from "./camera";
import { storedSnapshot } from "./download";
import { part } from "./elements";
import { factOf, localDay } from "./facts";
import { Freshness } from "./freshness";
import { drawLink } from "./link";
import { prepareOffline } from "./offline";
import { OperatorScreen } from "./operator_screen";
import { Outbox, type Connection } from "./outbox";
import { drawPanel, spoken, verdictOf, type Shown } from "./panel";
import { PresenceList } from "./presence";
import type { Device, Input, Kind, Payload, Snapshot, Verdict } from "./protocol";
import { wireQueueFile } from "./queue_file_button";
import { LISTED, drawRecent } from "./recent";
import { wireRegister } from "./register";
import { Repeats } from "./repeat";
import { startReporting } from "./report";
import { drawStrip } from "./strip";
import { Shelf, type Entry } from "./shelf";
import { preview, say, type Subject } from "./snapshot";
import { Sound } from "./sound";
import { wireSound } from "./sound_button";
import { Timing } from "./timing";
import { newsText, notWritten, showTrouble, troubleText } from "./trouble";
import { wireTyped } from "./typed";
import { listenToWedge } from "./wedge";

const NOT_A_FACT = new Set(["unreadable", "no_such_code"]);

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openReception(page: HTMLElement): Promise<void> {
  const shelf = await openShelf(page);
  if (!shelf) return;
  const reception = new Reception(page, shelf);
  wireRegister(page, shelf, (device) => void reception.begin(device));
  const device = await shelf.device();
  if (device) await reception.begin(device);
  else part(page, "register").hidden = false;
  const offline = await prepareOffline();
  part(page, "ready").textContent = offline.say;
  page.dataset["offline"] = offline.ready ? "ready" : "no";
  part(page, "abilities").textContent = await shortAbilities(offline.ready);
}

async function openShelf(page: HTMLElement): Promise<Shelf | null> {
  try {
    const shelf = await Shelf.open(undefined, (news) => showTrouble(page, newsText(news)));
    showTrouble(page, "");
    return shelf;
  } catch (error) {
    showTrouble(page, troubleText(error));
    return null;
  }
}

class Reception {
  private readonly operation: number;
  private readonly operator: OperatorScreen;
  private readonly outbox: Outbox;
  private readonly freshness: Freshness;
  private readonly sound = new Sound(localStorage);
  private readonly presence = new PresenceList();
  private readonly repeats = new Repeats();
  private readonly inView = new Repeats();
  private readonly timing = new Timing();
  private readonly panel: HTMLElement;
  private snapshot: Snapshot | null = null;
  private connection: Connection = { kind: "unknown" };
  private device: Device | null = null;
  private way: Kind = "visit.arrive";
  private shown: Shown | null = null;
  private turn = 0;
  private begun = false;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
  ) {
    this.operation = Number(page.dataset["operationId"]);
    this.operator = new OperatorScreen(page);
    this.panel = part(page, "verdict");
    this.outbox = new Outbox({
      shelf,
      url: page.dataset["opsUrl"] ?? "",
      app: (page.dataset["app"] ?? "").slice(0, 20),
      locks: navigator.locks as LockManager | undefined,
      onConnection: (connection) => this.connected(connection),
      onSettled: (entries) => this.settled(entries),
      onQueue: () => void this.drawQueue(),
      onTrouble: (error) => showTrouble(page, troubleText(error)),
    });
    const url = page.dataset["snapshotUrl"] ?? "";
    this.freshness = new Freshness(shelf, url, this.operation, () => this.snapshot, (snapshot, came) => this.answered(snapshot, came));
  }

  /** Start, or start again under a new registration. */
  async begin(device: Device): Promise<void> {
    this.device = device;
    part(this.page, "register").hidden = true;
    part(this.page, "blocked").hidden = true;
    for (const name of ["desk", "tools", "link", "unsent"]) part(this.page, name).hidden = false;
    part(this.page, "device-name").textContent = `端末：${device.name}`;
    this.connected({ kind: navigator.onLine ? "unknown" : "offline" });
    this.snapshot = await storedSnapshot(this.shelf, this.operation);
    await this.countPresence();
    await this.drawQueue();
    if (!this.begun) {
      this.begun = true;
      this.wireButtons();
      this.wireInputs();
      this.outbox.start();
      startReporting({
        shelf: this.shelf,
        url: this.page.dataset["opsUrl"] ?? "",
        app: (this.page.dataset["app"] ?? "").slice(0, 20),
        operator: () => this.operator.actor,
      });
      window.addEventListener("online", () => void this.freshen());
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden) void this.freshen();
      });
    } else {
      void this.outbox.hurry();
    }
    await Promise.all([this.operator.begin(device), this.freshen()]);
    this.page.dataset["ready"] = "yes";
  }

  // ── from a subject to a record ──────────────────────────────────────────────────────────────

  /** `seenAt`: when the frame was taken or the last key was typed, by `performance.now()`. */
  private async scan(subject: Subject, input: Input, seenAt: number): Promise<void> {
    if (("card" in subject && this.operator.take(subject.card)) || this.operator.closed) return;
    const kind = this.way;
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
    await this.record(kind, payload, verdict, turn, seenAt);
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

  private async record(kind: Kind, payload: Payload, verdict: Verdict, turn: number, seenAt?: number): Promise<void> {
    const { actor, badgeInUse: badge } = this.operator;
    const online = this.connection.kind === "online";
    const fact = factOf(kind, payload, verdict, { actor, badge, operation: this.operation, online });
    if (seenAt !== undefined) this.timing.begin(fact.op_id, seenAt);
    let entry: Entry;
    try {
      entry = await this.outbox.append(fact, verdict);
    } catch (error) {
      this.show({ verdict: notWritten(error), entry: null }, turn);
      this.sound.play("stop");
      throw error;
    }
    this.presence.note(entry);
    this.show({ verdict, entry }, turn);
    this.timing.painted(entry.op_id, "scan-to-tablet");
    this.sound.play(verdict.tone);
    this.drawCount();
  }

  // ── what comes back ─────────────────────────────────────────────────────────────────────────

  private settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.presence.note(entry);
      if (entry.op_id !== this.shown?.entry?.op_id) continue;
      const before = this.shown.verdict;
      const verdict = verdictOf(entry);
      this.show({ verdict, entry }, this.turn);
      this.timing.painted(entry.op_id, "scan-to-server");
      if (verdict.tone !== before.tone) this.sound.play(verdict.tone);
    }
    this.drawCount();
    if (entries.some((entry) => entry.result?.code === "invalid" || entry.result?.tone === "stop")) void this.freshen();
  }

  private connected(connection: Connection): void {
    this.connection = connection;
    drawLink(this.page, connection);
  }

  private async countPresence(): Promise<void> {
    const { snapshot } = this;
    const entries = await this.shelf.since(snapshot ? Date.parse(snapshot.server_time) : 0);
    this.presence.reset(snapshot, entries.filter((entry) => entry.op.operation === this.operation), localDay(new Date()));
    this.drawCount();
  }

  private async freshen(): Promise<void> {
    if (!this.device) return;
    void this.operator.refresh();
    await this.freshness.freshen(this.device);
  }

  private async answered(snapshot: Snapshot | null, came: boolean): Promise<void> {
    if (snapshot && snapshot.version !== this.snapshot?.version) {
      this.snapshot = snapshot;
      await this.countPresence();
    }
    if (this.connection.kind === "blocked" || this.connection.kind === "busy") return;
    const wasOffline = this.connection.kind === "offline";
    this.connected({ kind: came ? "online" : "offline" });
    if (came && wasOffline) void this.outbox.hurry();
  }

  // ── the screen ──────────────────────────────────────────────────────────────────────────────

  private show(shown: Shown, turn: number): void {
    if (turn < this.turn) return; // a later card is on the panel already
    this.shown = shown;
    drawPanel(this.panel, shown, (kind) => void this.act(kind));
    part(this.page, "live").textContent = spoken(shown);
  }

  private drawCount(): void {
    part(this.page, "arrived").textContent = String(this.presence.arrived);
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
    drawStrip(part(this.page, "strip"), newest);
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
    wireQueueFile(page, this.shelf, () => this.snapshot);
    wireSound(page, this.sound);
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
    listenToWedge(document, (text) => void this.scan({ card: text }, "reader", performance.now()));
    wireTyped(this.page, (code) => void this.scan({ shortCode: code }, "typed", performance.now()));
    wireCamera(this.page, (text, seenAt) => void this.scan({ card: text }, "camera", seenAt));
  }
}
