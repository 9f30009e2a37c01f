/*
 * What a leader tells without a signal stays on their phone until the center has it, in the order it was told, with how
 * long ago that was. The age is a difference of the phone's own clock, so a wrong clock does no harm; one that is put right
 * meanwhile, as phones do when a signal comes back, neither. Nothing is dropped here for its age: the server says when it is too late.
 *
 *   <div data-queue="/l/…/tell/" [data-then="/l/…/"]>      where it says what waits, and where it sends
 *   <form method="post" data-tell="on_site">                each of these is told through the queue
 *
 * Without a script the forms go to their own address.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { clockTime } from "../board/poll";
import { NoPhoto, shrink } from "../field/photo_shrink";
import { uuid7 } from "../field/uuid7";
import { isLeaving } from "./leaving";
import { isBusy, isTyping } from "./staying";

export interface Kept {
  readonly op: string;
  readonly url: string;
  readonly kind: string;
  readonly said: number;
  /** The same moment by the clock that nobody can set, and which opening of a page it belongs to. */
  readonly ticks?: number;
  readonly run?: string;
  readonly fields: Record<string, string>;
  readonly photo?: ArrayBuffer;
  /** Why the center did not take it. It is not sent again; it stays on the page with its words until somebody has read it. */
  readonly refusal?: string;
}

interface Rooms extends DBSchema {
  kept: { key: string; value: Kept };
}

/**
 * What became of sending: it is there, the center says no, the form must be looked at again, nobody answered, or the server
 * could not take this one and may take others.
 */
export type Answer = { told: string } | { refusal: string } | "look again" | "no answer" | "in trouble";

export const NAMES: Readonly<Record<string, string>> = {
  on_site: "着きました",
  next: "つぎのお宅へ向かいます",
  leaving: "帰ります",
  report: "活動の報告",
  sos: "助けを求める",
  injury: "けが・体調不良",
  near_miss: "ヒヤリとしたこと",
  extra: "ほかの作業を頼まれた",
  later: "時間をのばしたい",
  people: "人を増やしてほしい",
  tools: "資機材がほしい",
  photo: "写真",
  dump: "仮置場の待ち時間",
  gone: "もう出発しています",
  recall_safe: "呼び戻しに「全員無事です」",
  recall_help: "呼び戻しに「助けが必要です」",
};
const NOT_COMPLETE = "書き方が足りず、届きませんでした。下のことばを見て、もう一度送ってください。";
const ONCE: readonly string[] = ["on_site", "next", "leaving", "report", "gone", "recall_safe", "recall_help"];
// Whoever needs help does not wait behind a photo.
const URGENT: readonly string[] = ["sos", "recall_help", "injury", "recall_safe"];
const HELP: readonly string[] = ["sos", "recall_help", "injury"];
const LONGEST_MS = 7 * 24 * 3600 * 1000;
const RUN = uuid7();
// What somebody has written, in the order of the report.
const WORDS: readonly string[] = ["injury", "near_miss", "text", "remaining"];
const TIMEOUT_MS = 20_000;
const PHOTO_TIMEOUT_MS = 120_000;
const EVERY_MS = 15_000;
const PLACE_MS = 15_000;

export class Queue {
  private constructor(private readonly rooms: IDBPDatabase<Rooms>) {}

  static async open(name = "dvc-leader"): Promise<Queue> {
    const rooms = await openDB<Rooms>(name, 1, {
      upgrade: (made) => {
        made.createObjectStore("kept", { keyPath: "op" });
      },
    });
    return new Queue(rooms);
  }

  async keep(told: Kept): Promise<void> {
    const writing = this.rooms.transaction("kept", "readwrite", { durability: "strict" });
    await writing.store.put(told);
    await writing.done;
  }

  async forget(op: string): Promise<void> {
    await this.rooms.delete("kept", op);
  }

  /** What waits for this sheet, or for any, in the order it was told. */
  async waiting(url?: string): Promise<Kept[]> {
    return (await this.all(url)).filter((one) => one.refusal === undefined);
  }

  /** That, and what the center did not take and nobody has put away yet. */
  async all(url?: string): Promise<Kept[]> {
    const all = await this.rooms.getAll("kept");
    return all.filter((one) => url === undefined || one.url === url).sort((a, b) => a.said - b.said);
  }
}

/** How long ago it was told, in milliseconds. `ticks`: of the clock that nobody can set, which sleeps with the phone. */
export function ageOf(told: Kept, now: number, ticks: number): number {
  const least = told.run === RUN && told.ticks !== undefined ? Math.max(0, ticks - told.ticks) : 0;
  const age = now - told.said;
  // Set back, or put right by years: then only what is known for certain.
  return Math.round(age < least || age > LONGEST_MS ? least : age);
}

/** In which order it is sent: what is urgent, then as it was told, photos in the end. */
export function inOrder(kept: readonly Kept[]): Kept[] {
  const place = ({ kind, photo }: Kept): number => (URGENT.includes(kind) ? URGENT.indexOf(kind) - URGENT.length : photo ? 1 : 0);
  return [...kept].sort((a, b) => place(a) - place(b) || a.said - b.said);
}

/** Send one record. Rejects never. */
export async function send(told: Kept, now: number, ticks = performance.now()): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(told.fields)) form.append(name, value);
  form.set("kind", told.kind);
  form.set("op", told.op);
  form.set("age_ms", String(ageOf(told, now, ticks)));
  if (told.photo) form.set("photo", new Blob([told.photo], { type: "image/jpeg" }), "photo.jpg");
  let response: Response;
  try {
    response = await fetch(told.url, {
      method: "POST",
      body: form,
      headers: { "X-Requested-With": "fetch" },
      credentials: "omit",
      signal: AbortSignal.timeout(told.photo ? PHOTO_TIMEOUT_MS : TIMEOUT_MS),
    });
  } catch {
    return "no answer";
  }
  // Too many at once, no server behind the door, or trouble with this one: it may well be taken later.
  if (response.status === 429 || [502, 503, 504].includes(response.status)) return "no answer";
  if (response.status >= 500) return "in trouble";
  if (response.status === 422) return "look again";
  const said = (await response.json().catch(() => ({}))) as { said?: string; refusal?: string };
  if (response.ok && said.said) return { told: said.said };
  return { refusal: said.refusal ?? "センターが受け取れませんでした。電話で伝えてください。" };
}

/** Call it before other listeners of `submit`: what goes through the queue is not sent as a form. */
export function wireQueue(root: Document): void {
  const place = root.querySelector<HTMLElement>("[data-queue]");
  if (!place) return;
  const url = new URL(place.dataset["queue"] ?? "", location.href).href;
  const page = place.dataset["then"] ?? location.pathname;
  const opened = Queue.open();
  let busy = false;

  const go = (said: string): void => {
    location.href = `${page}?said=${said}`;
  };

  /** It is there, but the leader is at something else: the page stays, and the next poll offers the new one (staying.ts). */
  const confirm = (kind: string): void => {
    for (const form of root.querySelectorAll<HTMLFormElement>(`form[data-tell="${kind}"]`)) {
      if (ONCE.includes(kind)) form.dataset["told"] = "yes";
    }
    place.before(sentence("ok", `「${NAMES[kind] ?? "記録"}」は、センターに届きました。`));
  };

  const complain = (text: string): void => {
    place.before(sentence("stop", text));
  };

  const show = async (queue: Queue): Promise<Kept[]> => {
    const all = await queue.all(url);
    const kept = all.filter((one) => one.refusal === undefined);
    place.replaceChildren();
    for (const form of root.querySelectorAll<HTMLFormElement>("form[data-tell]")) {
      const kind = form.dataset["tell"] ?? "";
      // Told already: a second tap would only be a second record of the same.
      if (ONCE.includes(kind)) form.hidden = form.dataset["told"] === "yes" || kept.some((one) => one.kind === kind);
    }
    if (kept.length) place.append(waitingNotice(kept, () => void drain()));
    for (const told of all.filter((one) => one.refusal !== undefined)) {
      place.append(refusedNotice(told, () => void queue.forget(told.op).then(() => show(queue))));
    }
    return kept;
  };

  const refuse = async (queue: Queue, told: Kept, refusal: string): Promise<void> => {
    await queue.keep({ ...told, refusal });
  };

  /**
   * Send all that waits until nobody answers. One that the server cannot take stays and holds up nobody.
   * `form`: what is told in it is among that.
   */
  const drain = async (form?: HTMLFormElement): Promise<void> => {
    if (busy) return;
    busy = true;
    const queue = await opened;
    let last: { kind: string; said: string } | undefined;
    try {
      for (const told of inOrder(await queue.waiting())) {
        const answer = await send(told, Date.now());
        if (answer === "no answer") break;
        if (answer === "in trouble") continue;
        if (answer === "look again") await refuse(queue, told, NOT_COMPLETE);
        else if ("refusal" in answer) await refuse(queue, told, answer.refusal);
        else {
          if (told.url === url) last = { kind: told.kind, said: answer.told };
          await queue.forget(told.op);
        }
      }
    } finally {
      busy = false;
    }
    const waits = await show(queue);
    if (waits.length || !last) return;
    // What was told before the report often gets through while the report is being written.
    const stays = last.kind === "report" ? isLeaving(root) : isBusy(root, form);
    if (!stays) return go(last.said);
    confirm(last.kind);
    await show(queue);
  };

  const tell = async (form: HTMLFormElement, kind: string): Promise<void> => {
    const queue = await opened;
    const told = await read(form, kind, url);
    await queue.keep(told);
    sessionStorage.removeItem(`typed:tell-${kind}`);
    // One after the other; but whoever needs help waits for nothing that is on its way.
    if (!URGENT.includes(kind) && (await queue.waiting(url)).length > 1) {
      putAway(form);
      await drain(form);
      await show(queue); // somebody may be at sending already, and at a photo for minutes
      return;
    }
    const answer = await send(told, Date.now());
    if (answer === "no answer" || answer === "in trouble") {
      putAway(form);
      await show(queue);
      if (kind === "sos") await followWithPlace(queue, told);
    } else if (answer === "look again") {
      await queue.forget(told.op);
      form.submit(); // the server's own page says what is wrong
    } else if ("refusal" in answer) {
      await refuse(queue, told, answer.refusal);
      putAway(form);
      await show(queue);
    } else {
      if (kind === "sos") {
        place.before(sentence("warn", "センターに届きました。いまいる場所を調べています…"));
        await followWithPlace(queue, told);
      }
      await queue.forget(told.op);
      if (isLeaving(root)) return;
      if (!isTyping(root, form)) return go(answer.told);
      putAway(form);
      confirm(kind);
      await show(queue);
    }
  };

  /** The call for help has gone out or waits already; where the phone is follows as soon as it knows. */
  const followWithPlace = async (queue: Queue, told: Kept): Promise<void> => {
    const found = await where();
    if (!found) return;
    const placed = { ...told, fields: { ...told.fields, ...found } };
    await queue.keep(placed);
    const answer = await send(placed, Date.now());
    if (typeof answer === "object" && "told" in answer) await queue.forget(told.op);
    await show(queue);
  };

  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset["tell"]) return;
    event.preventDefault();
    if (form.dataset["telling"] === "yes") return;
    form.dataset["telling"] = "yes";
    tell(form, form.dataset["tell"])
      .catch((error: unknown) => {
        if (error instanceof NoPhoto) complain(error.message);
        else form.submit(); // no room to keep it: the form goes to its own address
      })
      .finally(() => {
        delete form.dataset["telling"];
        place.scrollIntoView({ block: "center" });
      });
  });
  keepForms(root, place);
  window.addEventListener("online", () => void drain());
  root.addEventListener("visibilitychange", () => {
    if (!root.hidden) void drain();
  });
  void opened.then(
    async (queue) => {
      root.documentElement.dataset["keeps"] = "ready";
      setInterval(() => void drain(), EVERY_MS);
      await show(queue);
      await drain();
    },
    () => undefined, // the browser gives no room: the forms go to their own addresses
  );
}

/**
 * A form that stands on a page of its own (`<a data-form-here>`) is fetched while there is a signal; without one it opens
 * here instead of a page that would not come.
 */
function keepForms(root: Document, place: HTMLElement): void {
  for (const link of root.querySelectorAll<HTMLAnchorElement>("a[data-form-here]")) {
    let form: HTMLFormElement | null = null;
    void fetch(link.href, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } })
      .then(async (response) => {
        if (!response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        form = page.querySelector("form[data-tell]");
        link.dataset["formHere"] = "ready";
      })
      .catch(() => undefined); // no signal already: the link stays a link
    link.addEventListener("click", (event) => {
      if (navigator.onLine || !form) return;
      event.preventDefault();
      place.after(root.adoptNode(form));
      form.scrollIntoView();
    });
  }
}

/** It has been told: empty and closed again, so that nobody seems to be writing. */
function putAway(form: HTMLFormElement): void {
  form.reset();
  form.closest("details")?.removeAttribute("open");
  const at = form.ownerDocument.activeElement;
  if (at instanceof HTMLElement && form.contains(at)) at.blur();
}

async function read(form: HTMLFormElement, kind: string, url: string): Promise<Kept> {
  const fields: Record<string, string> = {};
  let photo: ArrayBuffer | undefined;
  for (const [name, value] of new FormData(form).entries()) {
    if (value instanceof File) {
      if (value.size) photo = (await shrink(value)).bytes;
    } else if (!["csrfmiddlewaretoken", "op", "kind"].includes(name)) {
      fields[name] = value;
    }
  }
  return { op: uuid7(), url, kind, said: Date.now(), ticks: performance.now(), run: RUN, fields, ...(photo ? { photo } : {}) };
}

/** Where the phone is, if it may say so; undefined when it does not know in time. */
function where(): Promise<Record<string, string> | undefined> {
  return new Promise((resolve) => {
    if (!("geolocation" in navigator)) return resolve(undefined);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: String(coords.latitude), lng: String(coords.longitude) }),
      () => resolve(undefined),
      { enableHighAccuracy: true, timeout: PLACE_MS, maximumAge: 60_000 },
    );
  });
}

function waitingNotice(kept: readonly Kept[], send: () => void): HTMLElement {
  const waits = `まだ送れていません（${kept.length}件）。この電話に取ってあります。`;
  const help = inOrder(kept).find(({ kind }) => HELP.includes(kind));
  const notice = help ? helpWaits(NAMES[help.kind] ?? "", waits) : sentence("warn", waits);
  const list = document.createElement("ul");
  for (const { kind, said } of kept) {
    const row = document.createElement("li");
    row.textContent = `${clockTime(new Date(said))}　${NAMES[kind] ?? "記録"}`;
    list.append(row);
  }
  const say = document.createElement("p");
  say.textContent = "電波が戻ると、この画面が送ります。閉じたときは、依頼書のQRでもう一度開いてください。急ぐときは、センターに電話してください。";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--block";
  button.textContent = "いま送ってみる";
  button.addEventListener("click", send);
  notice.append(list, say, button);
  notice.dataset["unsent"] = String(kept.length);
  return notice;
}

/** Nobody may sit and wait for help that nobody knows is wanted. */
function helpWaits(name: string, waits: string): HTMLElement {
  const notice = sentence("stop", `「${name}」は、まだセンターに届いていません。いますぐ電話してください。`);
  for (const text of ["命にかかわるときは、先に119番です。電話もつながらないときは、安全に気をつけて、電波のある所へ動いてください。", waits]) {
    const line = document.createElement("p");
    line.textContent = text;
    notice.append(line);
  }
  return notice;
}

/** Nothing that somebody has written goes away unread. */
function refusedNotice(told: Kept, putAway: () => void): HTMLElement {
  const notice = sentence("stop", `「${NAMES[told.kind] ?? "記録"}」（${clockTime(new Date(told.said))}）は、センターに届いていません。`);
  const why = document.createElement("p");
  why.textContent = told.refusal ?? "";
  notice.append(why);
  const words = WORDS.map((name) => told.fields[name]?.trim() ?? "").filter((text) => text !== "");
  if (words.length) {
    const written = document.createElement("p");
    written.textContent = `書いたこと：${words.join("　")}`;
    notice.append(written);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--block";
  button.textContent = "読みました。この知らせを消す";
  button.addEventListener("click", putAway);
  notice.append(button);
  notice.dataset["refused"] = told.op;
  return notice;
}

function sentence(tone: "stop" | "warn" | "ok", text: string): HTMLElement {
  const notice = document.createElement("div");
  notice.className = `notice notice--${tone}`;
  notice.setAttribute("role", tone === "stop" ? "alert" : "status");
  const line = document.createElement("p");
  line.className = "notice__title";
  line.textContent = text;
  notice.append(line);
  return notice;
}
