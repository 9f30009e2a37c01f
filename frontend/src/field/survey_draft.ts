/*
 * The sheet that is being written: what is on the screen is in the hand at once, and on the shelf a moment later. Writes go
 * one after the other in the order they were asked for, so that an older one never lies over a newer one.
 */
import type { Draft, StoredPhoto, SurveyShelf } from "./survey_shelf";

const SAVE_AFTER_MS = 400;

export interface KeepingSays {
  /** Something is not on the shelf yet. */
  readonly writing: () => void;
  /** Everything on the screen survives a power cut. */
  readonly saved: () => void;
  readonly failed: (error: unknown) => void;
}

export class DraftInHand {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    public draft: Draft,
    private readonly shelf: SurveyShelf,
    private readonly says: KeepingSays,
  ) {}

  /** Written within half a second; `save` writes it now. */
  change(changes: Partial<Draft>): void {
    this.put(changes);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Write what is in the hand. Resolves when it is on the shelf, or when it was told that it is not. */
  save(): Promise<void> {
    clearTimeout(this.timer);
    const { draft } = this;
    return this.inTurn(() => this.shelf.keepDraft(draft), draft).catch(() => undefined);
  }

  /** A photo and the sheet that names it: both or neither. Rejects when it cannot be kept, and names it no more. */
  async keepPhoto(photo: StoredPhoto): Promise<void> {
    if (this.has(photo.sent)) return;
    this.put({ photos: [...this.draft.photos, { sent: photo.sent, caption: "" }] });
    const { draft } = this;
    try {
      await this.inTurn(() => this.shelf.keepPhoto(photo, draft), draft);
    } catch (error) {
      this.put({ photos: this.without(photo.sent) });
      await this.save();
      throw error;
    }
  }

  async dropPhoto(sent: string): Promise<void> {
    this.put({ photos: this.without(sent) });
    const { draft } = this;
    await this.inTurn(() => this.shelf.dropPhoto(sent, draft), draft);
  }

  has(sent: string): boolean {
    return this.draft.photos.some((photo) => photo.sent === sent);
  }

  private without(sent: string): Draft["photos"] {
    return this.draft.photos.filter((photo) => photo.sent !== sent);
  }

  private put(changes: Partial<Draft>): void {
    this.draft = { ...this.draft, ...changes, written: new Date().toISOString() };
    this.says.writing();
  }

  private inTurn(write: () => Promise<void>, draft: Draft): Promise<void> {
    const turn = this.last.then(write);
    this.last = turn.then(
      () => {
        // Something newer may wait for its turn: only the newest may say that all is kept.
        if (draft === this.draft) this.says.saved();
      },
      (error: unknown) => this.says.failed(error),
    );
    return Promise.all([turn, this.last]).then(() => undefined);
  }
}
