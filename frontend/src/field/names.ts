/* A typed name instead of a card: whom this tablet knows by it. Only family name and first letter are here, so that one
   name here is a hint and no more; the server, which knows everybody, decides whom a whole name means. */
import { holdersOf } from "./holders";
import { BLOCKED, type Person, type Snapshot } from "./protocol";

const LETTERS = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const ELLIPSIS = "…";

/** Whether a typed text is a name rather than a wrong code. */
export function looksLikeName(text: string): boolean {
  return LETTERS.test(text.normalize("NFKC"));
}

/** People with a card whom the name may mean, by reading. */
export function peopleCalled(snapshot: Snapshot | null, text: string): Person[] {
  const typed = key(text);
  if (!snapshot || !typed) return [];
  const found = new Map<number, Person>();
  for (const [volunteer, name, kana, flags] of holdersOf(snapshot).all()) {
    if (!(flags & BLOCKED) && (fits(kana, typed) || fits(name, typed))) found.set(volunteer, { volunteer, name, kana });
  }
  return [...found.values()].sort((a, b) => a.kana.localeCompare(b.kana, "ja"));
}

/** Whether a typed text says more than the family name of that person: a family name alone may be somebody else's. */
export function settles(text: string, { name, kana }: Person): boolean {
  const typed = key(text);
  return [name, kana].some((short) => fits(short, typed) && (!short.includes(" ") || typed !== key(short.split(" ")[0] ?? "")));
}

/** `short`: "さとう は…". The family name alone fits as well. */
function fits(short: string, typed: string): boolean {
  const [family = "", first = ""] = short.split(" ").map((part) => key(part.replace(ELLIPSIS, "")));
  if (!family) return false;
  return typed === family || (first !== "" && typed.startsWith(family + first));
}

function key(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\s\u3000]/g, "")
    .replace(/[ァ-ヶ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x60));
}
