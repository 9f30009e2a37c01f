/* The reception screen: from a scan to a verdict, on-line and off-line by the same path. */
import { shortAbilities } from "./abilities";
import { CODES, SETTLES, subjectOf } from "./about";
import { wireCamera } from "./camera";
import { part } from "./elements";
import { failedScan } from "./facts";
import { Forms } from "./forms";
import { groupButton, groupOf, groupOfSheet, groupVerdict, groupWay, isSheet, type GroupWay } from "./group";
import { drawLink } from "./link";
import { isUnclear, recordOfName } from "./names";
import { keepPage } from "./offline";
import { OperatorScreen } from "./operator_screen";
import { verdictOf } from "./panel";
import type { Alike, Device, Group, GroupPayload, Input, Kind, Payload, Person, Verdict, VisitKind, WalkIn } from "./protocol";
import { wireQueueFile } from "./queue_file_button";
import { QueueView } from "./queue_view";
import { wireRegister } from "./register";
import { DeskRepeats } from "./repeat";
import type { Found } from "./search";
import { SiteChoice } from "./site";
import type { Entry, Shelf } from "./shelf";
import { NOT_A_FACT, preview, previewOf, say, type Subject } from "./snapshot";
import { Sound } from "./sound";
import { wireSound } from "./sound_button";
import { Station } from "./station";
import { shortName } from "./text";
import { Timing } from "./timing";
import { notWritten, openShelf } from "./trouble";
import { wireTyped } from "./typed";
import { undoOf, undoVerdict } from "./undo";
import { Update } from "./update";
import { VerdictPanel } from "./verdict_panel";
import { walkInVerdict } from "./walkin";
import { WayChoice } from "./way";
import { listenToWedge } from "./wedge";

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openReception(page: HTMLElement): Promise<void> {
  const shelf = await openShelf(page);
  if (!shelf) return;
  const reception = new Reception(page, shelf);
  wireRegister(page, shelf, (device) => void reception.begin(device));
  const device = await shelf.device();
  if (device) await reception.begin(device);
  else part(page, "register").hidden = false;
  part(page, "abilities").textContent = await shortAbilities(await keepPage(page));
}

class Reception {
  private readonly operator: OperatorScreen;
  private readonly station: Station;
  private readonly site: SiteChoice;
  private readonly way: WayChoice;
  private readonly panel: VerdictPanel;
  private readonly forms: Forms;
  private readonly queue: QueueView;
  private readonly update: Update;
  private readonly sound = new Sound(localStorage);
  private readonly repeats = new DeskRepeats();
  private readonly timing = new Timing();
  private begun = false;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
  ) {
    this.operator = new OperatorScreen(page);
    this.station = new Station(page, shelf, {
      connected: (connection) => drawLink(page, connection),
      released: () => this.update.offer(),
      settled: (entries) => this.settled(entries),
      queue: () => this.drawQueue(),
      counted: (ofToday) => this.counted(ofToday),
      freshening: () => void this.operator.refresh(),
    });
    this.site = new SiteChoice(page, localStorage, this.station.operation);
    this.way = new WayChoice(page, sessionStorage);
    this.panel = new VerdictPanel(page, {
      act: (kind, entry, verdict) => void this.act(kind, entry, verdict),
      undo: (entry) => void this.undo(entry),
      walkIn: (card) => this.forms.open(this.forms.walkIn, card),
      give: (card) => this.forms.open(this.forms.search, card),
      group: (verdict, entry) => this.offerGroup(verdict, entry),
      questions: (verdict, entry) => this.forms.questions.onPanel(verdict, entry, subjectOf(entry)),
      pick: (entry, person) => void this.pick(entry, person),
      same: (entry, person) => void this.sameAs(entry, person),
    });
    this.forms = new Forms(page, this.panel, this.station, {
      walkIn: (told) => void this.wroteDown(told),
      found: (person, card, typed) => void this.foundPerson(person, card, typed && asTyped(typed)),
      group: (group, told, way) => void this.groupTold(group, told, way),
      answers: (told, verdict) => void this.said(told, verdict),
    });
    this.queue = new QueueView(page, shelf, () => this.station.snapshot, (entry) => void this.undo(entry));
    this.update = new Update(page, () => this.forms.isOpen, () => this.way.keep());
  }

  /** Start, or start again under a new registration. */
  async begin(device: Device): Promise<void> {
    part(this.page, "register").hidden = true;
    part(this.page, "blocked").hidden = true;
    await this.station.use(device);
    if (this.begun) this.station.hurry();
    else this.start();
    // Not before the reader is listened to: a page that asks for a card hears it.
    for (const name of ["desk", "tools", "link", "unsent"]) part(this.page, name).hidden = false;
    await Promise.all([this.operator.begin(device), this.station.freshen()]);
    this.page.dataset["ready"] = "yes";
  }

  private start(): void {
    const { page } = this;
    this.begun = true;
    part(page, "send").addEventListener("click", () => {
      this.station.hurry();
      void this.station.freshen();
    });
    part(page, "reregister").addEventListener("click", () => {
      part(page, "desk").hidden = true;
      part(page, "register").hidden = false;
    });
    wireQueueFile(page, this.shelf, () => this.station.snapshot);
    wireSound(page, this.sound);
    listenToWedge(document, (text) => void this.scan({ card: text }, "reader", performance.now()));
    wireTyped(page, {
      code: (code) => void this.scan({ shortCode: code }, "typed", performance.now()),
      name: (text) => void this.typedName(text),
      wrong: (text) => void this.record("scan.failed", failedScan(text, "no_such_code", "typed"), say(this.station.snapshot, "no_such_code")),
    });
    wireCamera(page, (text, seenAt) => void this.scan({ card: text }, "camera", seenAt));
    this.station.start(() => this.operator.actor);
  }

  // ── from a subject to a record ──────────────────────────────────────────────────────────────

  /** `seenAt`: when the frame was taken or the last key was typed, by `performance.now()`. */
  private async scan(subject: Subject, input: Input, seenAt: number): Promise<void> {
    if (("card" in subject && this.operator.take(subject.card)) || this.operator.closed) return;
    const kind = this.way.now;
    const text = "card" in subject ? subject.card : subject.shortCode;
    if (this.repeats.isRepeat(text, kind, input, Date.now())) return;
    const turn = this.panel.next();
    if ("card" in subject && isSheet(subject.card)) return this.sheet(subject.card, input, turn);
    const verdict = await preview(subject, kind, { ...this.station.known, site: this.site.site });
    if (NOT_A_FACT.has(verdict.code)) {
      await this.record("scan.failed", failedScan(text, verdict.code, input), verdict, turn, seenAt);
      return;
    }
    if (this.forms.take(subject, kind, verdict)) return;
    this.forms.showPanel();
    const payload = "card" in subject ? { card: subject.card, input } : { short_code: subject.shortCode, input };
    await this.record(kind, payload, verdict, turn, seenAt);
  }

  /** A group's sheet opens the group's people as its leader's card does. */
  private async sheet(text: string, input: Input, turn: number): Promise<void> {
    const { snapshot } = this.station;
    const way = groupWay(this.way.now);
    const found = way ? await groupOfSheet(snapshot, text) : say(snapshot, "group_sheet_here");
    if (way && "members" in found) {
      if (this.forms.openGroup(found, way, text)) return;
      this.sound.play("warn");
      this.repeats.release(Date.now());
    } else if ("code" in found) await this.record("scan.failed", failedScan(text, found.code, input), found, turn);
  }

  /** A name instead of a card. */
  private async typedName(text: string): Promise<void> {
    if (this.operator.closed) return;
    const { kind, payload, verdict } = recordOfName(this.station.snapshot, text, this.way.now);
    await this.record(kind, payload, verdict);
  }

  /** Another fact about the person on the panel: a tap on a todo, or the other way round. */
  private async act(kind: VisitKind, entry: Entry, { name, kana, volunteer, guest, todo }: Verdict): Promise<void> {
    if (this.operator.closed) return;
    this.repeats.releaseAll(Date.now());
    const left = kind === "visit.leave" ? [] : todo.filter(({ code }) => code !== SETTLES[kind]);
    const said = say(this.station.snapshot, CODES[kind], { name, kana, volunteer }, left);
    const evidence = kind === "visit.insure" ? ({ evidence: "seen_card" } as const) : {};
    await this.record(kind, { ...subjectOf(entry), ...evidence }, guest === undefined ? said : { ...said, guest });
  }

  /** Take back what `entry` recorded. */
  private async undo(entry: Entry): Promise<void> {
    if (this.operator.closed) return;
    this.repeats.releaseAll(Date.now());
    await this.record("visit.undo", undoOf(entry), undoVerdict(this.station.snapshot, entry));
  }

  /** Somebody was written down: whole on the screen, family name and first letter on the shelf. */
  private async wroteDown(told: WalkIn): Promise<void> {
    const turn = this.panel.next();
    const { whole, kept } = walkInVerdict(this.station.snapshot, told);
    let entry: Entry;
    try {
      entry = await this.record("person.walk_in", told, kept, turn);
    } catch (error) {
      this.forms.backToWalkIn(notWritten(error));
      return;
    }
    this.panel.show({ verdict: whole, entry }, turn);
    if (told.instead_of !== undefined) await this.letGoOf(told.instead_of);
  }

  /** Somebody was found in the register: the card is theirs, and they have arrived (or whatever is recorded now). `told`:
      what is recorded whatever is recorded now, and for which typed name (the id of its op), which needs no person any more. */
  private async foundPerson({ volunteer, name, kana, has_card }: Found, card?: string, told: Told = { kind: this.way.now }): Promise<void> {
    if (this.operator.closed) return;
    const person = { volunteer, name: shortName(name), kana: shortName(kana) };
    if (card !== undefined) {
      const payload = { card, volunteer, input: "list" as const, ...(has_card ? { lost: true } : {}) };
      await this.record("card.bind", payload, say(this.station.snapshot, "ok_bound", person));
    }
    const { kind, instead_of } = told;
    const verdict = previewOf(person, kind, { ...this.station.known, site: this.site.site });
    const payload = { volunteer, input: "list" as const, ...(instead_of === undefined ? {} : { instead_of }) };
    await this.record(kind, payload, verdict);
    if (instead_of !== undefined) await this.letGoOf(instead_of);
  }

  /** 「この人です」: whom the name meant that was typed. */
  private async pick(typed: Entry, person: Person): Promise<void> {
    await this.foundPerson({ ...person, has_card: false, here: false }, undefined, isUnclear(typed) ? asTyped(typed) : undefined);
  }

  private async letGoOf(typed: string): Promise<void> {
    await this.queue.letGo(({ op_id }) => op_id === typed);
  }

  /** 「この人です」: the walk-in was registered already. It is taken back, and the registered person arrives, also for the name
      that it was written down for. */
  private async sameAs(entry: Entry, { volunteer, name, kana }: Alike): Promise<void> {
    const { card, instead_of } = entry.op.payload;
    await this.undo(entry);
    await this.foundPerson({ volunteer, name, kana, has_card: false, here: false }, card, { kind: "visit.arrive", instead_of });
  }

  /** Everybody of a group at once. */
  private async groupTold(group: Group, told: GroupPayload, way: GroupWay): Promise<void> {
    if (this.operator.closed) return;
    const kind = way === "visit.leave" ? "group.leave" : "group.arrive";
    await this.record(kind, told, groupVerdict(this.station.snapshot, group, told, way));
  }

  private offerGroup(verdict: Verdict, entry: Entry): HTMLElement | null {
    const way = groupWay(entry.op.kind);
    const group = way && groupOf(this.station.snapshot, verdict.volunteer);
    if (!group) return null;
    return groupButton(group, way, () => {
      this.way.choose(way);
      this.forms.openGroup(group, way, entry.op.payload.card);
    });
  }

  /** What somebody said to the questions of the day. */
  private async said(told: Payload, verdict: Verdict): Promise<void> {
    if (this.operator.closed) return;
    // The list lies over the panel, which says whom to call.
    if (verdict.code !== "ok_answered") this.forms.showPanel();
    await this.record("visit.answer", told, verdict);
  }

  /** `turn`: when it began, where that is not now. */
  private async record(kind: Kind, payload: Payload, verdict: Verdict, turn = this.panel.next(), seenAt?: number): Promise<Entry> {
    const { actor, badgeInUse: badge } = this.operator;
    let entry: Entry;
    try {
      entry = await this.station.record(kind, this.site.told(kind, payload), verdict, { actor, badge });
    } catch (error) {
      this.panel.show({ verdict: notWritten(error), entry: null }, turn);
      this.forms.sayBeside(notWritten(error));
      this.sound.play("stop");
      throw error;
    }
    if (seenAt !== undefined) this.timing.begin(entry.op_id, seenAt);
    this.forms.questions.note(entry);
    this.panel.show({ verdict, entry }, turn);
    this.forms.sayBeside(verdict);
    this.timing.painted(entry.op_id, "scan-to-tablet");
    this.sound.play(verdict.tone);
    this.drawCount();
    return entry;
  }

  // ── what comes back ─────────────────────────────────────────────────────────────────────────

  private settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.forms.questions.note(entry);
      const before = this.panel.saysOf(entry);
      if (!before) continue;
      const verdict = verdictOf(entry);
      this.panel.show({ verdict, entry });
      this.timing.painted(entry.op_id, "scan-to-server");
      if (verdict.tone === before.tone) continue;
      this.forms.sayBeside(verdict);
      this.sound.play(verdict.tone);
    }
    this.drawCount();
    void this.queue.letGoOfCards(entries);
  }

  private async counted(ofToday: readonly Entry[]): Promise<void> {
    this.forms.questions.reset(ofToday);
    this.site.offer(this.station.snapshot);
    this.drawCount();
    await this.queue.letGoOfDecided();
  }

  private async drawQueue(): Promise<void> {
    await Promise.all([this.queue.draw(), this.panel.follow(this.shelf)]);
  }

  private drawCount(): void {
    part(this.page, "arrived").textContent = String(this.station.presence.arrived);
  }
}

/** What a coming or going is recorded as, and for which typed name. */
interface Told {
  readonly kind: VisitKind;
  readonly instead_of?: string | undefined;
}

/** Whom a typed name meant is recorded as it was typed. */
function asTyped({ op_id, op }: Entry): Told {
  return { kind: op.kind as VisitKind, instead_of: op_id };
}
