/*
 * What a survey tablet keeps beside its queue (shelf.ts): today's visits until midnight, sheets that are being written, and
 * photos until the server has them. A base of its own: nothing here can harm a recorded operation.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Filled, PhotoNote } from "./protocol";

/** One house, as GET /api/v1/sync/survey tells it. */
export interface Visit {
  readonly appointment: number;
  readonly need: number;
  readonly number: number;
  readonly state: "booked" | "done" | "absent";
  readonly window: string;
  readonly note: string;
  readonly road: number | null;
  readonly misses: number;
  readonly name: string;
  readonly kana: string;
  readonly phones: readonly string[];
  readonly town: string;
  readonly address: string;
  readonly landmark: string;
  readonly map: string;
  readonly summary: string;
  readonly description: string;
  readonly parking: string;
  readonly attendance: string;
  readonly crisis: boolean;
  readonly hazards: readonly string[];
  readonly damage_kinds: readonly string[];
  readonly lifelines: readonly string[];
}

export interface Day {
  readonly day: string;
  readonly operation: { readonly id: number; readonly name: string; readonly mode: string };
  readonly center: { readonly name: string; readonly phone: string; readonly issuer: number };
  readonly queue_key: string;
  readonly rounds: readonly { readonly number: number; readonly people: readonly string[]; readonly car: string; readonly starts: string }[];
  readonly visits: readonly Visit[];
}

export interface StoredDay {
  readonly operation: number;
  readonly actor: number;
  /** The tablet's own day on which it was fetched. */
  readonly on: string;
  readonly etag: string;
  readonly content: Day;
}

/** A sheet that is being written. `op_id` is set when it is finished: until it lies in the queue it can be finished again. */
export interface Draft {
  readonly appointment: number;
  readonly need: number;
  readonly number: number;
  readonly operation: number;
  readonly form: Filled;
  readonly photos: readonly PhotoNote[];
  readonly signature: readonly (readonly number[])[];
  readonly written: string;
  readonly op_id?: string;
}

/** `ready`: its sheet is finished, so it may be sent. `uploadedAt`: when the server had it (ms), in that generation. */
export interface StoredPhoto {
  readonly sent: string;
  readonly operation: number;
  readonly bytes: ArrayBuffer;
  readonly ready: 0 | 1;
  readonly uploadedAt: number;
  readonly generation: string | null;
  readonly problem: string;
}

interface Schema extends DBSchema {
  day: { key: number; value: StoredDay };
  drafts: { key: number; value: Draft };
  photos: { key: string; value: StoredPhoto };
}

const STRICT = { durability: "strict" } as const;

export class SurveyShelf {
  private constructor(private readonly rooms: IDBPDatabase<Schema>) {}

  static async open(name = "dvc-survey"): Promise<SurveyShelf> {
    return new SurveyShelf(
      await openDB<Schema>(name, 1, {
        upgrade(db) {
          db.createObjectStore("day", { keyPath: "operation" });
          db.createObjectStore("drafts", { keyPath: "appointment" });
          db.createObjectStore("photos", { keyPath: "sent" });
        },
      }),
    );
  }

  close(): void {
    this.rooms.close();
  }

  /** What was fetched today for this surveyor; of anybody else, or of another day, nothing. */
  async day(operation: number, actor: number | null, on: string): Promise<StoredDay | null> {
    const stored = await this.rooms.get("day", operation);
    return stored && stored.actor === actor && stored.on === on ? stored : null;
  }

  async keepDay(day: StoredDay): Promise<void> {
    await this.rooms.put("day", day);
  }

  /** Names and addresses of a day that is over leave the tablet. */
  async forgetDaysBefore(on: string): Promise<void> {
    const tx = this.rooms.transaction("day", "readwrite");
    for (const stored of await tx.store.getAll()) {
      if (stored.on < on) await tx.store.delete(stored.operation);
    }
    await tx.done;
  }

  draft(appointment: number): Promise<Draft | undefined> {
    return this.rooms.get("drafts", appointment);
  }

  drafts(): Promise<Draft[]> {
    return this.rooms.getAll("drafts");
  }

  /** When this returns, what was written survives a power cut. */
  async keepDraft(draft: Draft): Promise<void> {
    const tx = this.rooms.transaction("drafts", "readwrite", STRICT);
    await tx.store.put(draft);
    await tx.done;
  }

  /** Throw a sheet away that nobody wants, with the photos that are on no other. */
  async dropDraft(appointment: number): Promise<void> {
    const tx = this.rooms.transaction(["photos", "drafts"], "readwrite", STRICT);
    const drafts = await tx.objectStore("drafts").getAll();
    const elsewhere = new Set(drafts.flatMap((draft) => (draft.appointment === appointment ? [] : draft.photos.map(({ sent }) => sent))));
    for (const { sent } of drafts.find((draft) => draft.appointment === appointment)?.photos ?? []) {
      const photo = await tx.objectStore("photos").get(sent);
      if (photo && !photo.ready && !elsewhere.has(sent)) await tx.objectStore("photos").delete(sent);
    }
    await tx.objectStore("drafts").delete(appointment);
    await tx.done;
  }

  /** Keep a photo with the sheet it belongs to: both or neither. */
  async keepPhoto(photo: StoredPhoto, draft: Draft): Promise<void> {
    const tx = this.rooms.transaction(["photos", "drafts"], "readwrite", STRICT);
    const known = await tx.objectStore("photos").get(photo.sent);
    if (!known) await tx.objectStore("photos").put(photo);
    await tx.objectStore("drafts").put(draft);
    await tx.done;
  }

  photo(sent: string): Promise<StoredPhoto | undefined> {
    return this.rooms.get("photos", sent);
  }

  /** A photo taken off its sheet. One that was finished with another sheet stays. */
  async dropPhoto(sent: string, draft: Draft): Promise<void> {
    const tx = this.rooms.transaction(["photos", "drafts"], "readwrite", STRICT);
    const photo = await tx.objectStore("photos").get(sent);
    if (photo && !photo.ready) await tx.objectStore("photos").delete(sent);
    await tx.objectStore("drafts").put(draft);
    await tx.done;
  }

  /** The sheet lies in the queue: its photos may go, and it is no draft any more. */
  async finish(draft: Draft): Promise<void> {
    const tx = this.rooms.transaction(["photos", "drafts"], "readwrite", STRICT);
    for (const { sent } of draft.photos) {
      const photo = await tx.objectStore("photos").get(sent);
      if (photo) await tx.objectStore("photos").put({ ...photo, ready: 1 });
    }
    await tx.objectStore("drafts").delete(draft.appointment);
    await tx.done;
  }

  /** Photos to send to a server of this generation: those it has not got, or had before it was restored from a backup. */
  async photosToSend(generation: string | null): Promise<StoredPhoto[]> {
    const all = await this.rooms.getAll("photos");
    return all.filter((photo) => photo.ready && !photo.problem && (!photo.uploadedAt || photo.generation !== generation));
  }

  /** Photos the server does not take, each with its sentence: they stay until somebody has read it. */
  async refusedPhotos(): Promise<StoredPhoto[]> {
    return (await this.rooms.getAll("photos")).filter(({ problem }) => problem);
  }

  async forgetPhoto(sent: string): Promise<void> {
    const tx = this.rooms.transaction("photos", "readwrite", STRICT);
    await tx.store.delete(sent);
    await tx.done;
  }

  async changePhoto(sent: string, change: Partial<StoredPhoto>): Promise<void> {
    const tx = this.rooms.transaction("photos", "readwrite", STRICT);
    const photo = await tx.store.get(sent);
    if (photo) await tx.store.put({ ...photo, ...change });
    await tx.done;
  }

  /** Let go of photos the server has had for that long (ms): by then they lie in a backup as well. */
  async forgetUploaded(before: number): Promise<void> {
    const tx = this.rooms.transaction("photos", "readwrite");
    for (const photo of await tx.store.getAll()) {
      if (photo.uploadedAt && photo.uploadedAt < before) await tx.store.delete(photo.sent);
    }
    await tx.done;
  }
}
