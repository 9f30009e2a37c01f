/*
 * The kiosk: a tablet without an operator. The same shelf, outbox and preview as the reception page; what differs is
 * that nobody presses anything, and that a stranger looks at the screen: never more than family name and one letter.
 */
import { element, icon, part } from "./elements";
import { mayUseCamera, QuietUpdate } from "./kiosk_update";
import { LANGUAGES, TEXTS, type Language, type Text } from "./kiosk_texts";
import { linkWords } from "./link";
import { keepPage } from "./offline";
import { canEncrypt } from "./queue_file";
import { wireQueueFile } from "./queue_file_button";
import type { Connection } from "./outbox";
import { verdictOf } from "./panel";
import type { Device, Input, Verdict } from "./protocol";
import { Repeats } from "./repeat";
import { Scanner, type CameraState } from "./scanner";
import type { Entry, Shelf } from "./shelf";
import { NOT_A_FACT, UNCHECKED, preview } from "./snapshot";
import { Sound } from "./sound";
import { Station } from "./station";
import { shortName } from "./text";
import { openShelf } from "./trouble";
import { listenToWedge } from "./wedge";

const DONE_MS = 4_000;
const TROUBLE_MS = 7_000;
const LANGUAGE_MS = 60_000;
const CAMERA_RETRY_MS = 15_000;
// Codes of somebody who was let in; what the desk still has to settle is said below the name.
const GREEN = new Set(["ok", "ok_again", "already_present", "guardian_required", "insurance_missing", "consent_outdated", "incomplete", "full"]);

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openKiosk(page: HTMLElement): Promise<void> {
  const shelf = await openShelf(page);
  if (!shelf) return;
  const device = await shelf.device();
  if (device) await new Kiosk(page, shelf, device).begin();
  else part(page, "unpaired").hidden = false;
  await keepPage(page);
}

class Kiosk {
  private readonly station: Station;
  private readonly sound = new Sound(localStorage);
  private readonly repeats = new Repeats(DONE_MS + 1_000);
  private language: Language = "ja";
  private camera: CameraState = { kind: "off" };
  private touchedAt = performance.now();
  private writing = 0;
  private readonly update: QuietUpdate;
  private shown: { verdict: Verdict; opId: string | null } | null = null;
  private backTimer: ReturnType<typeof setTimeout> | undefined;
  private languageTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
    private readonly device: Device,
  ) {
    this.station = new Station(page, shelf, {
      connected: (now, before) => this.connected(now, before),
      released: () => this.update.offer(),
      settled: (entries) => this.settled(entries),
      queue: () => this.drawQueue(),
      counted: () => this.offerFile(),
    });
    this.update = new QuietUpdate({
      quietFor: () => (this.shown || this.writing || page.querySelector("details[open]") ? 0 : performance.now() - this.touchedAt),
      cameraComesBack: async () => this.camera.kind !== "on" || mayUseCamera(),
      reload: () => location.reload(),
    });
  }

  async begin(): Promise<void> {
    await this.station.use(this.device);
    this.wireLanguages();
    this.idle();
    listenToWedge(document, (text) => void this.scan(text, "reader"));
    this.wireCamera();
    for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => this.touched(), { passive: true });
    wireQueueFile(this.page, this.shelf, () => this.station.snapshot);
    this.station.start();
    // Not before the reader is listened to: a page that asks for a card hears it.
    part(this.page, "kiosk-desk").hidden = false;
    await this.station.freshen();
    this.page.dataset["ready"] = "yes";
  }

  private touched(): void {
    this.touchedAt = performance.now();
    this.sound.unlock();
  }

  private async scan(card: string, input: Input): Promise<void> {
    this.touchedAt = performance.now(); // also a card that lies there: its owner is near
    if (this.repeats.isRepeat(card, Date.now())) return;
    const verdict = await preview({ card }, "visit.arrive", this.station.known);
    if (NOT_A_FACT.has(verdict.code)) {
      this.show(verdict, null);
      return;
    }
    this.writing += 1;
    let entry: Entry;
    try {
      entry = await this.station.record("visit.arrive", { card, input }, verdict, { actor: null });
    } catch (error) {
      // Not on the shelf: a person must write it down.
      this.show({ ...verdict, code: "not_written", tone: "stop" }, null);
      throw error;
    } finally {
      this.writing -= 1;
    }
    this.show(verdict, entry.op_id);
  }

  private settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.op_id !== this.shown?.opId) continue;
      const verdict = verdictOf(entry);
      // The tablet said 受付しました and its own record comes back as "new": the same green, no second sound.
      if (verdict.code !== this.shown.verdict.code) this.show(verdict, entry.op_id);
    }
  }

  private connected(connection: Connection, before: Connection): void {
    const link = part(this.page, "link");
    link.dataset["kind"] = connection.kind;
    link.textContent = linkWords(connection)[1];
    if (connection.kind === "blocked" || (before.kind === "blocked" && !this.shown)) this.idle();
  }

  /** A stranger may press the button: only where the file can be encrypted, because it speaks for this device. */
  private offerFile(): void {
    part(this.page, "carry").hidden = !canEncrypt(this.station.snapshot);
  }

  // ── the screen ──────────────────────────────────────────────────────────────────────────────

  private say(text: Text): string {
    return TEXTS[text][this.language];
  }

  private idle(): void {
    clearTimeout(this.backTimer);
    this.shown = null;
    const stopped = this.station.connection === "blocked";
    const lines = stopped ? [this.say("trouble")] : [this.say(this.camera.kind === "none" ? "noCamera" : "show")];
    this.draw(stopped ? "stop" : "idle", stopped ? "stop" : "scan", lines[0] ?? "", "", [
      this.say(this.camera.kind === "none" ? "trouble" : "first"),
    ]);
  }

  private show(verdict: Verdict, opId: string | null): void {
    clearTimeout(this.backTimer);
    this.shown = { verdict, opId };
    const green = GREEN.has(verdict.code);
    if (green) {
      const name = shortName(verdict.name);
      this.draw("ok", "ok", this.say(verdict.code === "already_present" ? "again" : "done"), `${name} ${this.say("san")}`.trim(), this.next(verdict));
    } else {
      const recorded = UNCHECKED.has(verdict.code);
      this.draw(recorded ? "warn" : "stop", recorded ? "warn" : "stop", this.say("trouble"), "", recorded ? [this.say("recorded")] : []);
    }
    this.sound.play(green ? "ok" : "warn");
    this.backTimer = setTimeout(() => this.idle(), green ? DONE_MS : TROUBLE_MS);
  }

  private next({ todo }: Verdict): string[] {
    const lines = todo.some(({ code }) => code !== "orientation") ? [this.say("desk")] : [];
    if (todo.some(({ code }) => code === "orientation")) lines.push(this.say("orientation"));
    return lines.length ? lines : [this.say("wait")];
  }

  private draw(tone: string, mark: string, title: string, name: string, lines: readonly string[]): void {
    const panel = part(this.page, "kiosk-panel");
    panel.dataset["tone"] = tone;
    panel.dataset["code"] = this.shown?.verdict.code ?? "idle";
    panel.replaceChildren(
      icon(mark),
      element("p", "k-panel__title", title),
      ...(name ? [element("p", "k-panel__name", name)] : []),
      ...lines.map((line) => element("p", "k-panel__say", line)),
    );
    panel.lang = this.language === "en" ? "en" : "ja";
    part(this.page, "live").textContent = [title, name, ...lines].filter(Boolean).join("。");
  }

  private async drawQueue(): Promise<void> {
    const count = await this.shelf.queuedCount();
    part(this.page, "unsent").textContent = count ? `未送信 ${count}件` : "";
    this.page.dataset["unsent"] = String(count);
  }

  private wireLanguages(): void {
    const row = part(this.page, "languages");
    const draw = (): void => {
      for (const press of row.querySelectorAll<HTMLButtonElement>("button")) {
        press.setAttribute("aria-pressed", String(press.dataset["language"] === this.language));
      }
      if (this.shown) this.show(this.shown.verdict, this.shown.opId);
      else this.idle();
    };
    const choose = (language: Language): void => {
      this.language = language;
      clearTimeout(this.languageTimer);
      // The next person in the line most likely reads Japanese.
      if (language !== "ja") this.languageTimer = setTimeout(() => choose("ja"), LANGUAGE_MS);
      draw();
    };
    for (const [code, name] of Object.entries(LANGUAGES)) {
      const press = document.createElement("button");
      press.type = "button";
      press.className = "k-language";
      press.dataset["language"] = code;
      press.lang = code === "en" ? "en" : "ja";
      press.append(name);
      press.addEventListener("click", () => choose(code as Language));
      row.append(press);
    }
    draw();
  }

  private wireCamera(): void {
    const video = part<HTMLVideoElement>(this.page, "video");
    let retry: ReturnType<typeof setTimeout> | undefined;
    const scanner = new Scanner(
      video,
      (text) => void this.scan(text, "camera"),
      (state) => {
        this.camera = state;
        part(this.page, "eye").dataset["camera"] = state.kind;
        video.hidden = state.kind !== "on";
        if (!this.shown) this.idle();
        clearTimeout(retry);
        // Nobody stands here to press a button: a camera that another program took comes back by itself.
        if (state.kind === "none") retry = setTimeout(() => void scanner.start("user"), CAMERA_RETRY_MS);
      },
      "",
    );
    void scanner.start("user");
  }
}
