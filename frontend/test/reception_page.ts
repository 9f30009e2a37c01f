/* The reception's page as the server sends it, opened with a snapshot on the shelf: for tests of what its buttons and a
   reader do. Off-line unless `answer` says what the server answers. */
import "fake-indexeddb/auto";
import { getPublicKeyAsync, hashes, signAsync } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { IDBFactory } from "fake-indexeddb";
import { existsSync, readFileSync } from "node:fs";
import { vi } from "vitest";
import { hex, toHex } from "../src/field/ed25519";
import type { Op, Result, Snapshot, VerdictText } from "../src/field/protocol";
import { openReception } from "../src/field/reception";
import { Shelf } from "../src/field/shelf";

hashes.sha512 = sha512;

// What happy-dom lacks.
vi.stubGlobal("Option", function option(text: string, value: string, _: boolean, selected: boolean): HTMLOptionElement {
  const made = document.createElement("option");
  Object.assign(made, { textContent: text, value, selected });
  return made;
});

const TEMPLATES = "templates/";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ISSUER = 42;
const SECRET = hex("07".repeat(32));
const OPERATION = 1;

/** A template with what it includes; without everything only a server knows. */
export function markup(name: string): string {
  const text = readFileSync(TEMPLATES + name, "utf8");
  return text
    .replace(/\{% include "([^"]+)"[^%]*%\}/g, (_, path: string) => (path.startsWith("_") || !existsSync(TEMPLATES + path) ? "" : markup(path)))
    .replace(/\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}/gs, "");
}

/** The words of the verdicts, as the server has them. */
export function verdictTexts(): Record<string, VerdictText> {
  const source = readFileSync("../intake/checkin/verdicts.py", "utf8").split("AT_THE_DESK")[0]!;
  const found = source.matchAll(/"(\w+)": Verdict\(\s*"(ok|warn|stop)",\s*"([^"]*)",\s*"([^"]*)"/g);
  return Object.fromEntries([...found].map(([, code, tone, title, say]) => [code, { tone, title, say } as VerdictText]));
}

/** The text of a signed card. `id`: 32 hex letters, its first 16 are what a tablet knows it by. */
export async function cardText(id: string, purpose = 1): Promise<string> {
  const signed = new Uint8Array(26);
  const view = new DataView(signed.buffer);
  signed.set([1, 1]);
  view.setUint32(1, 2 ** 24 + ISSUER);
  signed[5] = purpose;
  view.setUint16(6, 2000);
  signed.set(hex(id), 10);
  const raw = new Uint8Array([...signed, ...(await signAsync(signed, SECRET))]);
  let bits = "";
  for (const byte of raw) bits += byte.toString(2).padStart(8, "0");
  return `VC1${(bits.match(/.{5}/g) ?? []).map((five) => CROCKFORD[Number.parseInt(five, 2)]).join("")}`;
}

/** The id of the card of that person. */
export const cardId = (volunteer: number): string => volunteer.toString(16).padStart(16, "0").repeat(2);
export const SHEET_ID = "f".repeat(32);

/** People 1, 2 … with a card each, all oriented and insured; `more` takes the place of what it names. */
export async function snapshotOf(names: readonly string[], more: Partial<Snapshot> = {}, flags: Readonly<Record<number, number>> = {}): Promise<Snapshot> {
  return {
    version: "v1",
    server_time: new Date().toISOString(),
    operation: { id: OPERATION, name: "", mode: "disaster", mode_label: "", is_open: true, insurance_required: false, orientation_required: false },
    center: { id: 1, name: "", phone: "", issuer: ISSUER },
    sites: [],
    keys: [{ kid: 1, public_key: toHex(await getPublicKeyAsync(SECRET)) }],
    revoked: [],
    cards: Object.fromEntries(names.map((name, i) => [cardId(i + 1).slice(0, 16), [i + 1, name, "かな", flags[i + 1] ?? 0] as const])),
    short_codes: {},
    present: {},
    texts: verdictTexts(),
    ...more,
  };
}

const opened: { page: HTMLElement; listeners: [string, EventListenerOrEventListenerObject, unknown][] }[] = [];

/** One opened page. Close it after each test with `closePages`. */
export class ReceptionPage {
  private constructor(
    readonly page: HTMLElement,
    readonly shelf: Shelf,
  ) {}

  static async open(snapshot: Snapshot, answer?: (op: Op) => Result): Promise<ReceptionPage> {
    globalThis.indexedDB = new IDBFactory();
    localStorage.clear();
    const shelf = await Shelf.open();
    await shelf.register({ device_id: "d", secret: "s", name: "受付1", epoch: 1 });
    await shelf.keepSnapshot(OPERATION, snapshot.version, snapshot);
    vi.stubGlobal("fetch", async (url: string, init?: { body?: string }) => {
      if (!answer || url !== "/ops") throw new TypeError("no network");
      const { ops } = JSON.parse(String(init?.body)) as { ops: Op[] };
      const body = { server_time: new Date().toISOString(), generation: "1", backed_up_seq: 0, results: ops.map(answer) };
      return new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } });
    });
    const page = document.createElement("div");
    page.innerHTML = markup("intake/checkin/tablet.html");
    const body = /<body([^>]*)>/.exec(markup("intake/checkin/tablet.html"))?.[1] ?? "";
    for (const [, name] of body.matchAll(/(data-[\w-]+)/g)) page.setAttribute(name!, "");
    Object.assign(page.dataset, { operationId: String(OPERATION), opsUrl: "/ops", snapshotUrl: "/snapshot?", peopleUrl: "/people?", operatorsUrl: "/operators", app: "test", mostNameless: "12" });
    document.body.replaceChildren(page);
    const listeners: [string, EventListenerOrEventListenerObject, unknown][] = [];
    const add = document.addEventListener.bind(document);
    document.addEventListener = ((type: string, heard: EventListenerOrEventListenerObject, options: unknown) => {
      listeners.push([type, heard, options]);
      add(type, heard, options as AddEventListenerOptions);
    }) as typeof document.addEventListener;
    opened.push({ page, listeners });
    await openReception(page);
    return new ReceptionPage(page, shelf);
  }

  part<T extends HTMLElement = HTMLElement>(name: string): T {
    const found = this.page.querySelector<T>(`[data-${name}]`);
    if (!found) throw new Error(`no [data-${name}]`);
    return found;
  }

  /** Press the button with that word (or that data-* attribute in brackets). */
  press(word: string, within: HTMLElement = this.page): void {
    const shown = [...within.querySelectorAll<HTMLElement>("button, label")].filter((each) => !each.closest("[hidden]"));
    const found = word.startsWith("[") ? within.querySelector<HTMLElement>(word) : shown.find((each) => each.textContent?.includes(word));
    if (!found) throw new Error(`no button ${word}; there are: ${shown.map((each) => each.textContent?.trim()).join(" / ")}`);
    found.click();
  }

  /** As a reader types it. */
  read(text: string, target: EventTarget = document.body): void {
    for (const key of [...text, "Enter"]) target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }

  /** Into the field for codes and names. */
  type(text: string): void {
    const form = this.part<HTMLFormElement>("typed");
    form.querySelector("input")!.value = text;
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  }

  get verdict(): string {
    const panel = this.part("verdict");
    return panel.hidden ? "" : (panel.dataset["code"] ?? "");
  }

  async shows(code: string): Promise<void> {
    await vi.waitFor(() => {
      if (this.part("verdict").dataset["code"] !== code) throw new Error(`shown: ${this.part("verdict").dataset["code"] ?? "nothing"}`);
    });
  }

  /** Whether the group's form is open. */
  async formIs(open: boolean): Promise<void> {
    await vi.waitFor(() => {
      if (this.part("group").hidden === open) throw new Error(`the form is ${open ? "not " : ""}open`);
    });
  }

  /** What was recorded so far, oldest first. */
  async recorded(): Promise<Op[]> {
    return (await this.shelf.newest(100)).reverse().map(({ op }) => op);
  }

  async records(count: number): Promise<Op[]> {
    return vi.waitFor(async () => {
      const ops = await this.recorded();
      if (ops.length < count) throw new Error(`${ops.length} recorded`);
      return ops;
    });
  }

  /** Let everything that was started come to its end. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function closePages(): void {
  for (const { page, listeners } of opened.splice(0)) {
    for (const [type, heard, options] of listeners) document.removeEventListener(type, heard, options as EventListenerOptions);
    page.remove();
  }
  Reflect.deleteProperty(document, "addEventListener");
}
