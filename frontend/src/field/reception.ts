/* The reception screen: from a scan to a verdict, on-line and off-line by the same path. */
import { shortAbilities } from "./abilities";
import { wireCamera } from "./camera";
import { storedSnapshot } from "./download";
import { part } from "./elements";
import { factOf, localDay } from "./facts";
import { forgetAnswers } from "./forget_answers";
import { Freshness } from "./freshness";
import { GroupForm, groupButton, groupOf, groupOfSheet, groupVerdict, groupWay, isSheet, type GroupWay } from "./group";
import { drawLink } from "./link";
import { peopleCalled, settles } from "./names";
import { prepareOffline } from "./offline";
import { OperatorScreen } from "./operator_screen";
import { Outbox, type Connection } from "./outbox";
import { drawPanel, spoken, verdictOf, type Shown } from "./panel";
import { PresenceList } from "./presence";
import type { Alike, Device, Group, GroupPayload, Input, Kind, Payload, Snapshot, Verdict, VisitKind, WalkIn } from "./protocol";
import { QuestionDesk } from "./questions";
import { wireQueueFile } from "./queue_file_button";
import { LISTED, drawRecent } from "./recent";
import { wireRegister } from "./register";
import { Repeats } from "./repeat";
import { startReporting } from "./report";
import { Search, type Found } from "./search";
import { SiteChoice } from "./site";
import { drawStrip } from "./strip";
import type { Entry, Shelf } from "./shelf";
import { preview, say, type Subject } from "./snapshot";
import { Sound } from "./sound";
import { wireSound } from "./sound_button";
import { shortName } from "./text";
import { Timing } from "./timing";
import { notWritten, openShelf, showTrouble, troubleText } from "./trouble";
import { wireTyped } from "./typed";
import { undoOf, undoVerdict } from "./undo";
import { Update } from "./update";
import { WalkInForm, walkInVerdict } from "./walkin";
import { listenToWedge } from "./wedge";

// Nothing about a person: kept as a failed scan.
const NOT_A_FACT = new Set(["unreadable", "no_such_code"]);
// A card that nobody may hold yet: an open form takes it.
const MAY_BE_BLANK = new Set(["recorded", "unverified_card"]);
const RAW_KEPT = 200;
const NAME_KEPT = 100;
const MOST_CANDIDATES = 8;
const LATELY_MS = 120_000;
const STILL_IN_VIEW_MS = 1000;
const BUSY = "書きかけの画面を閉じてから、もう一度読み取ってください。";
const WAY_KEY = "way-before-update";
const BINDING = new Set<Kind>(["card.bind", "person.walk_in"]);

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
  private readonly site: SiteChoice;
  private snapshot: Snapshot | null = null;
  private connection: Connection = { kind: "unknown" };
  private device: Device | null = null;
  private way: VisitKind = "visit.arrive";
  private readonly walkIn: WalkInForm;
  private readonly search: Search;
  private readonly group: GroupForm;
  private readonly questions: QuestionDesk;
  private readonly update: Update;
  private shown: Shown | null = null;
  private turn = 0;
  private day = "";
  private begun = false;
  /** Settled lately, with the time: a snapshot that was made meanwhile may lack them. */
  private lately: { readonly entry: Entry; readonly at: number }[] = [];

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
  ) {
    this.operation = Number(page.dataset["operationId"]);
    this.operator = new OperatorScreen(page);
    this.panel = part(page, "verdict");
    this.site = new SiteChoice(page, localStorage, this.operation);
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
    const closed = (): void => this.formClosed();
    this.walkIn = new WalkInForm(page, (told) => void this.wroteDown(told), closed);
    this.group = new GroupForm(page, this.presence, (group, told, way) => void this.groupTold(group, told, way), closed);
    this.search = new Search(page, () => this.device, (person, card) => void this.foundPerson(person, card), closed);
    this.questions = new QuestionDesk(page, () => this.snapshot, (volunteer) => this.presence.has(volunteer), (told, verdict) => void this.said(told, verdict), closed);
    this.update = new Update(page, () => [this.walkIn, this.search, this.group, this.questions].some(({ isOpen }) => isOpen), () => sessionStorage.setItem(WAY_KEY, this.way));
    const url = page.dataset["snapshotUrl"] ?? "";
    this.freshness = new Freshness(shelf, url, this.operation, () => this.snapshot, (snapshot, came) => this.answered(snapshot, came));
  }

  /** Start, or start again under a new registration. */
  async begin(device: Device): Promise<void> {
    this.device = device;
    part(this.page, "register").hidden = true;
    part(this.page, "blocked").hidden = true;
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
      this.turnDay();
      startReporting(this.page, this.shelf, () => this.operator.actor);
      window.addEventListener("online", () => void this.freshen());
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden) void this.freshen();
      });
    } else {
      void this.outbox.hurry();
    }
    // Not before the reader is listened to: a page that asks for a card hears it.
    for (const name of ["desk", "tools", "link", "unsent"]) part(this.page, name).hidden = false;
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
    if (seen.isRepeat(input === "camera" ? text : `${kind}:${text}`, Date.now(), input !== "camera")) return;
    this.turn += 1;
    const turn = this.turn;
    if ("card" in subject && isSheet(subject.card)) return this.sheet(subject.card, input, turn);
    const verdict = await preview(subject, kind, {
      snapshot: this.snapshot,
      presence: this.presence,
      today: localDay(new Date()),
      site: this.site.site,
    });
    if (NOT_A_FACT.has(verdict.code)) {
      await this.record("scan.failed", { raw: text.slice(0, RAW_KEPT), code: verdict.code, input }, verdict, turn, seenAt);
      return;
    }
    const form = [this.walkIn, this.search].find(({ isOpen }) => isOpen);
    if (form && "card" in subject && MAY_BE_BLANK.has(verdict.code)) {
      form.take(subject.card);
      return;
    }
    if (this.group.isOpen && this.group.way === kind && verdict.volunteer !== null && verdict.tone !== "stop") {
      return this.group.add([verdict.volunteer, verdict.name, verdict.kana]);
    }
    if (this.questions.isOpen) this.questions.close();
    const payload = "card" in subject ? { card: subject.card, input } : { short_code: subject.shortCode, input };
    await this.record(kind, payload, verdict, turn, seenAt);
  }

  /** A group's sheet opens the group's people as its leader's card does. */
  private async sheet(text: string, input: Input, turn: number): Promise<void> {
    const way = groupWay(this.way);
    const found = way ? await groupOfSheet(this.snapshot, text) : say(this.snapshot, "group_sheet_here");
    if (way && "members" in found) {
      if (this.group.isAbout(found, way)) return;
      const written = [this.walkIn, this.search, this.group].find(({ isOpen }) => isOpen);
      if (!written) return this.openGroup(found, way, text);
      written.say(BUSY, "warn");
      this.sound.play("warn");
      this.repeats.release(Date.now());
    }
    else if ("code" in found) await this.record("scan.failed", { raw: text.slice(0, RAW_KEPT), code: found.code, input }, found, turn);
  }

  private openGroup(group: Group, way: GroupWay, card: string | undefined): void {
    for (const form of [this.walkIn, this.search, this.questions]) if (form.isOpen) form.close();
    this.panel.hidden = true;
    this.group.open(group, way, card);
  }

  /** Another fact about the person on the panel: a tap on a todo, or the other way round. */
  private async act(kind: VisitKind): Promise<void> {
    if (this.operator.closed) return;
    const shown = this.shown;
    if (!shown?.entry) return;
    this.mayBeReadAgain();
    this.turn += 1;
    const subject = subjectOf(shown.entry);
    const { name, kana, todo } = shown.verdict;
    const done = SETTLES[kind];
    const code = CODES[kind];
    const { volunteer, guest } = shown.verdict;
    const said = say(this.snapshot, code, { name, kana, volunteer }, kind === "visit.leave" ? [] : todo.filter((each) => each.code !== done));
    const verdict = guest === undefined ? said : { ...said, guest };
    const evidence = kind === "visit.insure" ? ({ evidence: "seen_card" } as const) : {};
    await this.record(kind, { ...subject, ...evidence }, verdict, this.turn);
  }

  private async record(kind: Kind, payload: Payload, verdict: Verdict, turn: number, seenAt?: number): Promise<Entry> {
    const { actor, badgeInUse: badge } = this.operator;
    const online = this.connection.kind === "online";
    const fact = factOf(kind, this.site.told(kind, payload), verdict, { actor, badge, operation: this.operation, online });
    if (seenAt !== undefined) this.timing.begin(fact.op_id, seenAt);
    let entry: Entry;
    try {
      entry = await this.outbox.append(fact, verdict);
    } catch (error) {
      this.show({ verdict: notWritten(error), entry: null }, turn);
      this.sayBesideGroup(notWritten(error));
      this.sound.play("stop");
      throw error;
    }
    this.presence.note(entry);
    this.questions.note(entry);
    this.show({ verdict, entry }, turn);
    this.sayBesideGroup(verdict);
    this.timing.painted(entry.op_id, "scan-to-tablet");
    this.sound.play(verdict.tone);
    this.drawCount();
    return entry;
  }

  /** A button was pressed that says to read the card again. One that still lies before the camera was not shown again. */
  private mayBeReadAgain(): void {
    this.repeats.release(Date.now());
    this.inView.release(Date.now(), STILL_IN_VIEW_MS);
  }

  /** The panel is behind the form of a group, and so is what it says of a card that was read meanwhile. */
  private sayBesideGroup({ name, title, tone }: Verdict): void {
    if (this.group.isOpen) this.group.say(`${name ? `${name} さん：` : ""}${title}`, tone);
  }

  /** Take back what `entry` recorded. */
  private async undo(entry: Entry): Promise<void> {
    if (this.operator.closed) return;
    this.mayBeReadAgain();
    this.turn += 1;
    await this.record("visit.undo", undoOf(entry), undoVerdict(this.snapshot, entry), this.turn);
  }

  /** Somebody was written down: whole on the screen, family name and first letter on the shelf. */
  private async wroteDown(told: WalkIn): Promise<void> {
    this.turn += 1;
    const { whole, kept } = walkInVerdict(this.snapshot, told);
    const turn = this.turn;
    const entry = await this.record("person.walk_in", told, kept, turn);
    this.show({ verdict: whole, entry }, turn);
  }

  /** Somebody was found in the register: the card is theirs, and they have arrived (or whatever is recorded now). */
  private async foundPerson({ volunteer, name, kana, has_card }: Found, card: string | undefined): Promise<void> {
    if (this.operator.closed) return;
    this.turn += 1;
    const person = { volunteer, name: shortName(name), kana: shortName(kana) };
    if (card !== undefined) {
      const payload = { card, volunteer, input: "list" as const, ...(has_card ? { lost: true } : {}) };
      await this.record("card.bind", payload, say(this.snapshot, "ok_bound", person), this.turn);
    }
    const code = this.way === "visit.arrive" && this.presence.has(volunteer) ? "already_present" : CODES[this.way];
    this.turn += 1;
    await this.record(this.way, { volunteer, input: "list" }, say(this.snapshot, code, person), this.turn);
  }

  /** Everybody of a group at once. */
  private async groupTold(group: Group, told: GroupPayload, way: GroupWay): Promise<void> {
    if (this.operator.closed) return;
    this.turn += 1;
    const kind = way === "visit.leave" ? "group.leave" : "group.arrive";
    await this.record(kind, told, groupVerdict(this.snapshot, group, told, way), this.turn);
  }

  /** What somebody said to the questions of the day. */
  private async said(told: Payload, verdict: Verdict): Promise<void> {
    if (this.operator.closed) return;
    this.turn += 1;
    // The list lies over the panel, which says whom to call.
    if (verdict.code !== "ok_answered") this.questions.close();
    await this.record("visit.answer", told, verdict, this.turn);
  }

  private offerGroup(verdict: Verdict, entry: Entry): HTMLElement | null {
    const way = groupWay(entry.op.kind);
    const group = way && groupOf(this.snapshot, verdict.volunteer);
    if (!group) return null;
    return groupButton(group, way, () => {
      this.setWay(way);
      this.openGroup(group, way, entry.op.payload.card);
    });
  }

  /** 「この人です」: the walk-in was registered already. It is taken back, and the registered person arrives. */
  private async sameAs(entry: Entry, { volunteer, name, kana }: Alike): Promise<void> {
    await this.undo(entry);
    await this.foundPerson({ volunteer, name, kana, has_card: false, here: false }, entry.op.payload.card);
  }

  // ── what comes back ─────────────────────────────────────────────────────────────────────────

  private settled(entries: readonly Entry[]): void {
    const now = Date.now();
    this.lately = [...this.lately.filter(({ at }) => now - at < LATELY_MS), ...entries.map((entry) => ({ entry, at: now }))];
    for (const entry of entries) {
      this.presence.note(entry);
      this.questions.note(entry);
      if (entry.op_id !== this.shown?.entry?.op_id) continue;
      const before = this.shown.verdict;
      const verdict = verdictOf(entry);
      this.show({ verdict, entry }, this.turn);
      this.timing.painted(entry.op_id, "scan-to-server");
      if (verdict.tone === before.tone) continue;
      this.sayBesideGroup(verdict);
      this.sound.play(verdict.tone);
    }
    this.drawCount();
    void this.letGo(entries);
    if (entries.some(({ op, result }) => op.kind === "visit.undo" && result?.tone === "stop")) void this.countPresence();
    if (entries.some(({ op, result }) => op.kind !== "scan.failed" && result?.tone === "stop")) void this.freshen();
  }

  /** A card that has a holder now: what waited for it needs no person any more. */
  private async letGo(entries: readonly Entry[]): Promise<void> {
    const given = new Set(entries.filter(({ op, result }) => BINDING.has(op.kind) && result?.tone !== "stop").map(({ op }) => op.payload.card));
    given.delete(undefined);
    if (!given.size) return;
    const waiting = (await this.shelf.toLookAt()).filter(({ op, result }) => result?.status === "held" && given.has(op.payload.card));
    for (const { op_id } of waiting) await this.shelf.dismiss(op_id);
    if (waiting.length) await this.drawQueue();
  }

  private connected(connection: Connection): void {
    if (connection.kind === "online" && this.connection.kind !== "online") this.update.ask();
    this.connection = connection;
    drawLink(this.page, connection);
  }

  private async countPresence(): Promise<void> {
    const { snapshot } = this;
    const since = snapshot ? Date.parse(snapshot.server_time) : 0;
    const known = new Map((await this.shelf.since(since)).map((entry) => [entry.op_id, entry]));
    for (const { entry, at } of this.lately) if (at >= since) known.set(entry.op_id, entry);
    const entries = [...known.values()].sort((a, b) => (a.op_id < b.op_id ? -1 : 1));
    const mine = entries.filter((entry) => entry.op.operation === this.operation);
    const today = localDay(new Date());
    this.presence.reset(snapshot, mine, today);
    this.questions.reset(mine.filter(({ op }) => localDay(new Date(op.t_wall)) === today));
    this.site.offer(snapshot);
    this.drawCount();
  }

  private async freshen(): Promise<void> {
    if (!this.device) return;
    void this.operator.refresh();
    await this.freshness.freshen(this.device);
  }

  /** What people said is for the day, also on a tablet that nobody ever closes. Whether another day has begun. */
  private turnDay(): boolean {
    const day = localDay(new Date());
    if (day === this.day) return false;
    this.day = day;
    forgetAnswers(this.shelf, new Date()).catch((error: unknown) => showTrouble(this.page, troubleText(error)));
    return true;
  }

  private async answered(snapshot: Snapshot | null, came: boolean): Promise<void> {
    const isNewDay = this.turnDay();
    const isNew = snapshot !== null && snapshot.version !== this.snapshot?.version;
    if (isNew) this.snapshot = snapshot;
    if (isNew || isNewDay) await this.countPresence();
    if (this.connection.kind === "blocked" || this.connection.kind === "busy") return;
    const wasOffline = this.connection.kind === "offline";
    this.connected({ kind: came ? "online" : "offline" });
    if (came && wasOffline) void this.outbox.hurry();
  }

  // ── the screen ──────────────────────────────────────────────────────────────────────────────

  private show(shown: Shown, turn: number): void {
    if (turn < this.turn) return; // a later card is on the panel already
    this.shown = shown;
    drawPanel(this.panel, shown, {
      act: (kind) => void this.act(kind),
      undo: (entry) => void this.undo(entry),
      walkIn: (card) => this.openForm(this.walkIn, card),
      give: (card) => this.openForm(this.search, card),
      group: (verdict, entry) => this.offerGroup(verdict, entry),
      questions: (verdict, entry) => this.questions.onPanel(verdict, entry, subjectOf(entry)),
      pick: (person) => void this.foundPerson({ ...person, has_card: false, here: false }, undefined),
      same: (entry, person) => void this.sameAs(entry, person),
    });
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
      {
        dismiss: (entry) => void this.shelf.dismiss(entry.op_id).then(() => this.drawQueue()),
        undo: (entry) => void this.undo(entry),
      },
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
      press.addEventListener("click", () => this.setWay(press.dataset["way"] as VisitKind));
    }
    wireQueueFile(page, this.shelf, () => this.snapshot);
    part(page, "walkin-open").addEventListener("click", () => this.openForm(this.walkIn));
    part(page, "search-open").addEventListener("click", () => this.openForm(this.search));
    part(page, "questions-open").addEventListener("click", () => this.openForm(this.questions));
    wireSound(page, this.sound);
    this.setWay(wayBefore() ?? this.way);
  }

  private openForm(form: WalkInForm | Search | QuestionDesk, card?: string): void {
    for (const other of [this.walkIn, this.search, this.group, this.questions]) if (other !== form && other.isOpen) other.close();
    this.panel.hidden = true;
    form.open(card);
  }

  private formClosed(): void {
    this.panel.hidden = false;
  }

  private async failedTyping(text: string): Promise<void> {
    this.turn += 1;
    const payload = { raw: text.slice(0, RAW_KEPT), code: "no_such_code", input: "typed" as const };
    await this.record("scan.failed", payload, say(this.snapshot, "no_such_code"), this.turn);
  }

  /** A name instead of a card. A family name, or several people here: one is chosen first. Else the server says who it is. */
  private async typedName(text: string): Promise<void> {
    if (this.operator.closed) return;
    this.turn += 1;
    const name = text.slice(0, NAME_KEPT);
    const people = peopleCalled(this.snapshot, name);
    const [only] = people;
    if (people.length > 1 || (only && !settles(name, only))) {
      const verdict = { ...say(this.snapshot, "ambiguous"), candidates: people.slice(0, MOST_CANDIDATES) };
      await this.record("scan.failed", { raw: name, code: "ambiguous", input: "typed" }, verdict, this.turn);
      return;
    }
    await this.record(this.way, { name, input: "typed" }, { ...say(this.snapshot, "recorded"), name: only?.name ?? "", kana: only?.kana ?? "" }, this.turn);
  }

  private setWay(way: VisitKind): void {
    this.way = way;
    this.page.dataset["wayNow"] = way;
    for (const press of this.page.querySelectorAll<HTMLButtonElement>("[data-way]")) {
      press.setAttribute("aria-pressed", String(press.dataset["way"] === way));
    }
  }

  private wireInputs(): void {
    listenToWedge(document, (text) => void this.scan({ card: text }, "reader", performance.now()));
    wireTyped(this.page, {
      code: (code) => void this.scan({ shortCode: code }, "typed", performance.now()),
      name: (text) => void this.typedName(text),
      wrong: (text) => void this.failedTyping(text),
    });
    wireCamera(this.page, (text, seenAt) => void this.scan({ card: text }, "camera", seenAt));
  }
}

/** What was recorded before this page changed over to a new release: at 16:00 nobody wants to find 到着 pressed. Once. */
function wayBefore(): VisitKind | undefined {
  const kept = sessionStorage.getItem(WAY_KEY);
  sessionStorage.removeItem(WAY_KEY);
  return kept !== null && kept in CODES ? (kept as VisitKind) : undefined;
}

const CODES: Record<VisitKind, string> = {
  "visit.arrive": "ok",
  "visit.leave": "ok_left",
  "visit.orient": "ok_oriented",
  "visit.insure": "ok_insured",
  "visit.consent": "ok_agreed",
};

/** What of a person's todo a fact settles. */
const SETTLES: Partial<Record<VisitKind, string>> = { "visit.orient": "orientation", "visit.insure": "insurance", "visit.consent": "consent" };

/** The same person again, for another fact. */
function subjectOf({ op, result }: Entry): Payload {
  const { card, short_code, volunteer, guest } = op.payload;
  if (guest !== undefined) return { guest };
  if (op.kind === "visit.undo") return { volunteer: result?.data.volunteer ?? 0 };
  if (card !== undefined) return { card };
  if (short_code !== undefined) return { short_code };
  // Whom a typed name meant stands in the answer, once it has come.
  const who = volunteer ?? result?.data.volunteer;
  return who === undefined && op.payload.name !== undefined ? { name: op.payload.name } : { volunteer: who ?? 0 };
}
