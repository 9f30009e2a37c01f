/* The survey tablet: today's visits, a sheet that is kept as it is written, and records that go out when there is a network. */
import { wireCamera, type CameraWords } from "./camera";
import { SurveyDay } from "./survey_day";
import { part } from "./elements";
import { factOf, localDay } from "./facts";
import { drawLink } from "./link";
import { keepPage } from "./offline";
import { OperatorScreen } from "./operator_screen";
import { Outbox, type Connection } from "./outbox";
import { PhotoSender } from "./photo_sender";
import type { Device, Payload, Snapshot, SurveyKind, Verdict } from "./protocol";
import { wireQueueFile } from "./queue_file_button";
import { wireRegister } from "./register";
import { ReleaseWatch } from "./release";
import { startReporting } from "./report";
import type { Shelf } from "./shelf";
import { SurveySheet } from "./survey_sheet";
import { SurveyShelf, type Draft, type Visit } from "./survey_shelf";
import { drawLeft } from "./survey_left";
import { drawRefusedPhotos, drawWritten } from "./survey_written";
import { shortName } from "./text";
import { openShelf, showTrouble, troubleText } from "./trouble";
import { Update } from "./update";
import { uuid7 } from "./uuid7";
import { listenToWedge } from "./wedge";

const PHOTOS_EVERY_MS = 30_000;
const LISTED = 30;
const BADGE_CAMERA: CameraWords = {
  idle: "「カメラ」を押して、職員証のQRコードを写してください。",
  otherWays: "バーコードリーダーでも読み取れます。どちらもないときは、自分の名前でサインインした画面から、このページを開いてください。",
};

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openSurvey(page: HTMLElement): Promise<void> {
  const shelf = await openShelf(page);
  if (!shelf) return;
  let rooms: SurveyShelf;
  try {
    rooms = await SurveyShelf.open();
  } catch (error) {
    showTrouble(page, troubleText(error));
    return;
  }
  const survey = new SurveyTablet(page, shelf, rooms);
  wireRegister(page, shelf, (device) => void survey.begin(device));
  const device = await shelf.device();
  if (device) await survey.begin(device);
  else part(page, "register").hidden = false;
  await keepPage(page);
}

class SurveyTablet {
  private readonly operator: OperatorScreen;
  private readonly outbox: Outbox;
  private readonly photos: PhotoSender;
  private readonly day: SurveyDay;
  private readonly sheet: SurveySheet;
  private readonly update: Update;
  private readonly releases: ReleaseWatch;
  private readonly operation: number;
  private connection: Connection = { kind: "unknown" };
  private device: Device | null = null;
  private begun = false;
  private camera: { readonly stop: () => void } | undefined;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
    private readonly rooms: SurveyShelf,
  ) {
    this.operation = Number(page.dataset["operationId"]);
    // Only for a badge: otherwise the camera is for photos, and the battery for the day.
    this.operator = new OperatorScreen(page, (step) => {
      if (step !== "badge") this.camera?.stop();
      if (step === null) void this.freshen(); // whoever has signed in sees their own houses
    });
    const server = { shelf, url: page.dataset["opsUrl"] ?? "", app: (page.dataset["app"] ?? "").slice(0, 20) };
    this.outbox = new Outbox({
      ...server,
      locks: navigator.locks as LockManager | undefined,
      onConnection: (connection) => this.connected(connection),
      onSettled: () => void this.draw(),
      onQueue: () => void this.drawQueue(),
      onTrouble: (error) => showTrouble(page, troubleText(error)),
    });
    this.photos = new PhotoSender({ shelf: rooms, url: page.dataset["photoUrl"] ?? "", onChange: () => void this.draw() });
    this.day = new SurveyDay(page, rooms, {
      open: (visit) => void this.open(visit),
      drop: (appointment) => void this.rooms.dropDraft(appointment).then(() => this.draw()),
    });
    this.sheet = new SurveySheet(page, rooms, {
      back: () => void this.back(),
      finish: (visit, draft) => this.finish(visit, draft),
      absent: (visit, note) => this.absent(visit, note),
    });
    this.update = new Update(page, () => this.sheet.isOpen, () => undefined);
    this.releases = new ReleaseWatch(() => this.update.offer());
  }

  /** Start, or start again under a new registration. */
  async begin(device: Device): Promise<void> {
    const { page } = this;
    this.device = device;
    part(page, "register").hidden = true;
    part(page, "blocked").hidden = true;
    part(page, "device-name").textContent = `端末：${device.name}`;
    this.connected({ kind: navigator.onLine ? "unknown" : "offline" });
    await this.settleDrafts();
    if (this.begun) this.hurry();
    else this.start();
    for (const name of ["desk", "tools", "link", "unsent"]) part(page, name).hidden = false;
    await this.operator.begin(device);
    await this.freshen();
    await this.draw();
    page.dataset["ready"] = "yes";
  }

  private start(): void {
    const { page } = this;
    this.begun = true;
    part(page, "send").addEventListener("click", () => {
      this.hurry();
      void this.freshen();
    });
    part(page, "reregister").addEventListener("click", () => {
      part(page, "desk").hidden = true;
      part(page, "register").hidden = false;
    });
    listenToWedge(document, (text) => this.operator.take(text));
    this.camera = wireCamera(page, (text) => this.readBadge(text), BADGE_CAMERA);
    wireQueueFile(page, this.shelf, () => this.day.forQueueFile as Snapshot | null);
    this.outbox.start();
    const left = async (): Promise<{ photos: number; drafts: number }> => ({
      photos: (await this.rooms.photosToSend(await this.shelf.generation())).length,
      drafts: (await this.rooms.drafts()).length,
    });
    startReporting({ shelf: this.shelf, url: page.dataset["opsUrl"] ?? "", app: page.dataset["app"] ?? "", left }, () => this.operator.actor);
    const look = (): void => void this.freshen();
    window.addEventListener("online", look);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) look();
    });
    setInterval(look, 60_000);
    setInterval(() => void this.sendPhotos(), PHOTOS_EVERY_MS);
  }

  private readBadge(text: string): void {
    if (this.page.dataset["operatorScreen"] !== "badge") return; // frames that were on their way
    if (!this.operator.take(text)) this.operator.say("職員証ではありません。職員証のQRコードを写してください。");
  }

  private hurry(): void {
    void this.outbox.hurry().then(() => this.sendPhotos());
  }

  private connected(connection: Connection): void {
    const before = this.connection.kind;
    this.connection = connection;
    drawLink(this.page, connection);
    if (connection.kind === "online" && before !== "online") this.releases.ask();
    void this.sendPhotos();
  }

  private async sendPhotos(): Promise<void> {
    // A stopped tablet hands its photos over as well: blocked is not off-line.
    if (!this.device || !["online", "blocked"].includes(this.connection.kind)) return;
    await this.photos.send(this.device, await this.shelf.generation());
    await this.drawQueue();
  }

  /** Ask for today's visits of whoever works here; without a network what was fetched before stays until midnight. */
  private async freshen(): Promise<void> {
    if (!this.device) return;
    const came = await this.day.freshen(this.device, this.operator.actor, this.operation);
    if (came && this.connection.kind === "offline") this.hurry();
    await this.draw();
  }

  // ── a visit ─────────────────────────────────────────────────────────────────────────────────

  private async open(visit: Visit): Promise<void> {
    part(this.page, "day").hidden = true;
    await this.sheet.open(visit, this.operation);
  }

  private async back(): Promise<void> {
    part(this.page, "day").hidden = false;
    await this.draw();
  }

  /** The sheet becomes a record. Its number is kept with the draft first, so that a crash in between makes no second one. */
  private async finish(visit: Visit, draft: Draft): Promise<boolean> {
    const numbered: Draft = { ...draft, op_id: uuid7() };
    await this.rooms.keepDraft(numbered);
    const { appointment, need, form, photos, signature } = numbered;
    const written = await this.record("survey.done", { appointment, need, form, photos, signature }, visit, numbered.op_id);
    if (!written) return false;
    await this.rooms.finish(numbered);
    await this.back();
    return true;
  }

  private async absent(visit: Visit, note: string): Promise<boolean> {
    const { appointment, need } = visit;
    const written = await this.record("survey.absent", { appointment, need, note }, visit);
    if (written) await this.back();
    return written;
  }

  private async record(kind: SurveyKind, payload: Payload, visit: Visit, opId?: string): Promise<boolean> {
    if (this.operator.closed) return false;
    const { actor, badgeInUse: badge } = this.operator;
    const verdict: Verdict = {
      code: "recorded", tone: "ok", title: kind === "survey.done" ? "調査を端末に保存しました" : "不在を端末に保存しました",
      say: "つながると、自動でセンターに届きます。", name: `N${visit.number} ${shortName(visit.name)}`, kana: "", volunteer: null, todo: [],
    };
    const online = this.connection.kind === "online";
    const fact = factOf(kind, payload, verdict, { actor, badge, operation: this.operation, online });
    try {
      await this.outbox.append(opId === undefined ? fact : { ...fact, op_id: opId }, verdict);
    } catch (error) {
      showTrouble(this.page, `${troubleText(error)}書いた内容は、この画面に残っています。`);
      return false;
    }
    part(this.page, "live").textContent = verdict.title;
    void this.sendPhotos();
    return true;
  }

  /** Drafts whose record lies in the queue already: the page was closed in between. */
  private async settleDrafts(): Promise<void> {
    for (const draft of await this.rooms.drafts()) {
      if (draft.op_id !== undefined && (await this.shelf.entry(draft.op_id))) await this.rooms.finish(draft);
    }
  }

  // ── the screen ──────────────────────────────────────────────────────────────────────────────

  private async draw(): Promise<void> {
    await this.rooms.forgetDaysBefore(localDay(new Date()));
    const [entries, drafts] = await Promise.all([this.shelf.newest(200), this.rooms.drafts()]);
    const mine = entries.filter(({ op }) => op.kind === "survey.done" || op.kind === "survey.absent").slice(0, LISTED);
    await this.day.draw(this.operator.actor, this.operation, mine, drafts);
    drawWritten(this.page, mine, (opId) => void this.shelf.dismiss(opId).then(() => this.draw()));
    drawRefusedPhotos(this.page, await this.rooms.refusedPhotos(), (sent) => void this.rooms.forgetPhoto(sent).then(() => this.draw()));
    await this.drawQueue();
  }

  private async drawQueue(): Promise<void> {
    const [count, photos, drafts] = await Promise.all([
      this.shelf.queuedCount(),
      this.rooms.photosToSend(await this.shelf.generation()),
      this.rooms.drafts(),
    ]);
    part(this.page, "unsent-count").textContent = String(count);
    part(this.page, "unsent-photos").textContent = photos.length ? `写真 ${photos.length}枚` : "";
    part(this.page, "unsent").dataset["some"] = count || photos.length ? "yes" : "no";
    drawLeft(this.page, this.connection, { records: count, photos: photos.length, drafts: drafts.length });
  }
}
