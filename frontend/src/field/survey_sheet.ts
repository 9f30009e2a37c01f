/* One house's sheet: kept on the tablet as it is written, with its photos and its signature. */
import { button, clockTime, element, part } from "./elements";
import { NoPhoto, shrink } from "./photo_shrink";
import type { PhotoNote } from "./protocol";
import { SignatureField } from "./signature";
import { missingIn, readForm, writeForm } from "./survey_form";
import { DraftInHand } from "./survey_draft";
import type { Draft, SurveyShelf, Visit } from "./survey_shelf";
import { troubleText } from "./trouble";

const MOST_PHOTOS = 20;
const CAPTIONS = ["外観", "部屋", "床下", "庭・道", "危ないところ", "そのほか"];

export interface SheetActs {
  readonly back: () => void;
  /** Resolves to whether it lies in the queue. */
  readonly finish: (visit: Visit, draft: Draft) => Promise<boolean>;
  readonly absent: (visit: Visit, note: string) => Promise<boolean>;
}

export class SurveySheet {
  private readonly form: HTMLFormElement;
  private readonly signature: SignatureField;
  private readonly promise: string;
  private visit: Visit | null = null;
  private hand: DraftInHand | null = null;
  private adding: Promise<void> = Promise.resolve();
  private urls: string[] = [];
  private busy = false;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: SurveyShelf,
    private readonly acts: SheetActs,
  ) {
    this.form = part<HTMLFormElement>(page, "survey-form");
    this.signature = new SignatureField(part<HTMLCanvasElement>(page, "sign"), (signature) => this.hand?.change({ signature }));
    this.promise = part(page, "sheet-saved").textContent ?? "";
    this.wire();
  }

  get isOpen(): boolean {
    return this.visit !== null;
  }

  async open(visit: Visit, operation: number): Promise<void> {
    const { appointment, need, number } = visit;
    const kept = await this.shelf.draft(appointment);
    this.visit = visit;
    const draft = kept ?? { appointment, need, number, operation, form: {}, photos: [], signature: [], written: new Date().toISOString() };
    this.hand = this.keeping(draft);
    writeForm(this.form, draft.form);
    part(this.page, "who").replaceChildren(...whom(visit));
    part<HTMLDetailsElement>(this.page, "absent-box").open = false;
    for (const name of ["sheet-say", "photo-say"]) part(this.page, name).textContent = "";
    part(this.page, "sheet").hidden = false;
    this.signature.show(draft.signature);
    await this.drawPhotos();
    part(this.page, "sheet-back").focus();
    window.scrollTo(0, 0);
  }

  private close(): void {
    this.visit = this.hand = null;
    for (const url of this.urls.splice(0)) URL.revokeObjectURL(url);
    part(this.page, "sheet").hidden = true;
    this.form.reset(); // nothing of this house stays on the page
    window.scrollTo(0, 0);
  }

  // ── keeping ─────────────────────────────────────────────────────────────────────────────────

  private keeping(draft: Draft): DraftInHand {
    const saved = part(this.page, "sheet-saved");
    saved.textContent = this.promise; // not what was said of another house
    return new DraftInHand(draft, this.shelf, {
      writing: () => {
        saved.textContent = "書いています…";
      },
      saved: () => {
        saved.textContent = `${clockTime(new Date())} この端末に保存しました。`;
      },
      failed: (error) => {
        saved.textContent = `保存できません。${troubleText(error)}`;
      },
    });
  }

  /** Everything of this sheet, photos that are still being made small among it; then it survives a power cut. */
  private async settle(): Promise<void> {
    await this.adding;
    await this.hand?.save();
  }

  private wire(): void {
    const { page, form } = this;
    form.addEventListener("input", () => this.hand?.change({ form: readForm(form) }));
    for (const event of ["pagehide", "blur"]) window.addEventListener(event, () => void this.hand?.save());
    document.addEventListener("visibilitychange", () => void this.hand?.save());
    part(page, "sheet-back").addEventListener("click", () => {
      void this.settle().then(() => {
        this.close();
        this.acts.back();
      });
    });
    part(page, "sign-clear").addEventListener("click", () => this.signature.clear());
    for (const name of ["shoot", "choose"]) {
      const input = part<HTMLInputElement>(page, name);
      input.addEventListener("change", () => {
        const files = [...(input.files ?? [])];
        input.value = "";
        const { hand } = this;
        if (hand) this.adding = this.adding.then(() => this.addPhotos(files, hand));
      });
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.finish();
    });
    part<HTMLFormElement>(page, "absent").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.absent(event.target as HTMLFormElement);
    });
  }

  // ── the end of a visit ──────────────────────────────────────────────────────────────────────

  private async finish(): Promise<void> {
    const { visit, hand } = this;
    if (!visit || !hand || this.busy) return;
    const say = part(this.page, "sheet-say");
    say.textContent = missingIn(readForm(this.form));
    if (say.textContent) return;
    await this.alone(async () => {
      hand.change({ form: readForm(this.form) });
      await this.settle();
      if (!(await this.acts.finish(visit, hand.draft))) {
        say.textContent = "まだ終えていません。担当者を確かめて、もう一度「調査を終える」を押してください。";
      } else if (this.visit === visit) this.close(); // and not the next house's, opened meanwhile
    });
  }

  private async absent(form: HTMLFormElement): Promise<void> {
    const { visit } = this;
    if (!visit || this.busy) return;
    await this.alone(async () => {
      await this.settle();
      const note = String(new FormData(form).get("note") ?? "").trim();
      if (!(await this.acts.absent(visit, note))) return;
      form.reset();
      this.close();
    });
  }

  private async alone(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    await work().finally(() => {
      this.busy = false;
    });
  }

  // ── photos ──────────────────────────────────────────────────────────────────────────────────

  private async addPhotos(files: readonly File[], hand: DraftInHand): Promise<void> {
    const say = part(this.page, "photo-say");
    say.textContent = files.length ? "写真を保存しています…" : "";
    const problems: string[] = [];
    for (const file of files) {
      if (hand.draft.photos.length >= MOST_PHOTOS) {
        problems.push(`写真は${MOST_PHOTOS}枚までです。要らない写真を消してください。`);
        break;
      }
      try {
        const { sent, bytes } = await shrink(file);
        const { operation } = hand.draft;
        await hand.keepPhoto({ sent, operation, bytes, ready: 0, uploadedAt: 0, generation: null, problem: "" });
      } catch (error) {
        problems.push(error instanceof NoPhoto ? error.message : troubleText(error));
      }
    }
    say.textContent = [...new Set(problems)].join(" ");
    await this.drawPhotos();
  }

  private async drawPhotos(): Promise<void> {
    const rows = await Promise.all((this.hand?.draft.photos ?? []).map((photo) => this.photoRow(photo)));
    part(this.page, "photos").replaceChildren(...rows);
  }

  private async photoRow({ sent, caption }: PhotoNote): Promise<HTMLElement> {
    const image = document.createElement("img");
    image.alt = caption || "写真";
    const stored = await this.shelf.photo(sent);
    if (stored) {
      image.src = URL.createObjectURL(new Blob([stored.bytes], { type: "image/jpeg" }));
      this.urls.push(image.src);
    }
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", "何の写真か");
    for (const word of ["何の写真か", ...CAPTIONS]) choice.append(new Option(word, word === "何の写真か" ? "" : word, false, word === caption));
    choice.addEventListener("input", (event) => event.stopPropagation());
    choice.addEventListener("change", () => {
      const photos = (this.hand?.draft.photos ?? []).map((photo) => (photo.sent === sent ? { ...photo, caption: choice.value } : photo));
      this.hand?.change({ photos });
    });
    return element("li", "", image, choice, button("button", "消す", () => void this.drop(sent)));
  }

  private async drop(sent: string): Promise<void> {
    await this.hand?.dropPhoto(sent).catch(() => undefined); // the line above the photos says why
    await this.drawPhotos();
  }
}

function whom(visit: Visit): HTMLElement[] {
  const name = element("p", "person");
  if (visit.kana) name.append(element("span", "person__kana", visit.kana));
  name.append(`${visit.name || "お名前は未確認"}`, element("span", "muted", `　N${visit.number}　${visit.window}`));
  const calls = element("p", "row");
  for (const phone of visit.phones) calls.append(link(`tel:${phone}`, `電話 ${phone}`));
  if (visit.map) calls.append(link(visit.map, "地図を開く"));
  const facts = element("dl", "facts");
  for (const [label, words] of [
    ["住所", [visit.town, visit.address].filter(Boolean).join("　")], ["目印・行き方", visit.landmark], ["駐車・搬入", visit.parking],
    ["依頼", [visit.summary, visit.description].filter(Boolean).join("\n")], ["家の様子（電話で）", visit.damage_kinds.join("・")],
    ["危ないもの（電話で）", visit.hazards.join("・")], ["使えないもの", visit.lifelines.join("・")], ["希望日・立ち会い", visit.attendance],
    ["センターから", visit.note],
  ] as const) {
    if (words) facts.append(element("div", "", element("dt", "", label), element("dd", "", words)));
  }
  return [name, calls, facts];
}

function link(href: string, words: string): HTMLAnchorElement {
  const made = document.createElement("a");
  made.className = "button";
  made.href = href;
  made.rel = "noreferrer";
  if (!href.startsWith("tel:")) made.target = "_blank";
  made.append(words);
  return made;
}
