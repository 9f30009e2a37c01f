/*
 * What a leader's phone keeps of a page for a time without a signal. Whose house it is and where is kept only sealed
 * (AES-GCM, by a key that follows from the secret in the page's own address), and only as long as the server said; the
 * rest, which names nobody, stays for a week: the center's telephone, the buttons, the report.
 *
 *   <!--sealed-->…<!--/sealed-->     names somebody
 *   <!--once-->…<!--/once-->         was said of that moment only, is not kept
 *   <!--kept-->                      where a kept page says that it is one
 *
 * Ages are differences of the phone's own clock, so a clock that is wrong as a whole does no harm.
 */

export interface KeptPage {
  /** The page with a mark for each sealed part. */
  readonly open: string;
  /** The sealed parts, or nothing once their time is over. */
  readonly sealed: Sealed | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly keptAt: number;
  readonly keepForMs: number;
}

export interface Sealed {
  readonly iv: string;
  readonly text: string;
}

const SEALED = /<!--sealed-->([\s\S]*?)<!--\/sealed-->/g;
const ONCE = /<!--once-->[\s\S]*?<!--\/once-->/g;
const SLOT = (number: number): string => `<!--slot ${number}-->`;
const PAGE_FOR_MS = 7 * 24 * 3600_000;
// A clock that was set back may not make an address last.
const CLOCK_BACK_MS = 10 * 60_000;
const HEADERS = ["content-type", "content-security-policy", "referrer-policy", "x-content-type-options"];

const OVER =
  '<div class="notice notice--warn"><p class="notice__title">行き先は、この電話から消えました。</p><p>戻る時刻から時間がたったためです。紙の依頼書を見るか、センターに電話してください。</p></div>';

/** A page as it is kept: what names somebody goes out of it. */
export async function sealPage(html: string, headers: Headers, secret: string, now: number, keepForMs: number): Promise<KeptPage> {
  const parts: string[] = [];
  const open = html.replace(ONCE, "").replace(SEALED, (_, part: string) => {
    parts.push(part);
    return SLOT(parts.length - 1);
  });
  return {
    open,
    sealed: parts.length ? await seal(JSON.stringify(parts), secret) : undefined,
    headers: Object.fromEntries(HEADERS.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)!]] : []))),
    keptAt: now,
    keepForMs,
  };
}

/** Whether whose house it is may not be shown any more. */
export function isOver(kept: Pick<KeptPage, "keptAt" | "keepForMs">, now: number): boolean {
  return now - kept.keptAt > kept.keepForMs || now < kept.keptAt - CLOCK_BACK_MS;
}

/** Whether nothing of the page is wanted any more. */
export function isOld(kept: Pick<KeptPage, "keptAt">, now: number): boolean {
  return Math.abs(now - kept.keptAt) > PAGE_FOR_MS;
}

/** What stays when the time is over. */
export function withoutSealed(kept: KeptPage): KeptPage {
  return { ...kept, sealed: undefined };
}

/** The page as it opens without a signal, with the time it is from. */
export async function openPage(kept: KeptPage, secret: string, now: number): Promise<string> {
  const parts = kept.sealed && !isOver(kept, now) ? await unseal(kept.sealed, secret) : [];
  const left = Math.max(0, Math.round((kept.keepForMs - (now - kept.keptAt)) / 1000));
  return kept.open
    .replace(/data-keep-for="\d+"/, `data-keep-for="${left}"`) // the page's own clock goes on from here (staying.ts)
    .replace(/<!--slot (\d+)-->/g, (_, number: string) => parts[Number(number)] ?? (number === "0" ? OVER : ""))
    .replace("<!--kept-->", keptNotice(new Date(kept.keptAt)));
}

function keptNotice(at: Date): string {
  const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`;
  return `<div class="notice notice--warn" role="status" data-kept-page><p class="notice__title">電波がないため、${time}に取っておいた画面です。</p><p>ボタンは、このまま使えます。電波が戻ると送ります。急ぐときは、電話してください。</p></div>`;
}

async function seal(text: string, secret: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(secret), new TextEncoder().encode(text));
  return { iv: base64(iv), text: base64(new Uint8Array(sealed)) };
}

/** Nothing where the secret is another one or the text was changed. */
async function unseal(sealed: Sealed, secret: string): Promise<string[]> {
  const key = await keyOf(secret);
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(sealed.iv) }, key, bytes(sealed.text));
    return JSON.parse(new TextDecoder().decode(opened)) as string[];
  } catch (error) {
    if (error instanceof DOMException) return [];
    throw error;
  }
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const words = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", words.encode(secret), "HKDF", false, ["deriveKey"]);
  const about = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: words.encode("dvc leader page") };
  return crypto.subtle.deriveKey(about, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** Under what a page is kept: not its address, which is the secret. */
export async function nameOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(path));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(raw: Uint8Array): string {
  let letters = "";
  for (const byte of raw) letters += String.fromCharCode(byte);
  return btoa(letters);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
