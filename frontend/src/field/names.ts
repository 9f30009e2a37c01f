/* A typed name instead of a card: whom this tablet knows by it. Only family name and first letter are here, so that one
   name here is a hint and no more; the server, which knows everybody, decides whom a whole name means. */
import { holdersOf } from "./holders";
import { failedScan } from "./facts";
import type { Entry } from "./shelf";
import { BLOCKED, type Kind, type Payload, type Person, type Snapshot, type Verdict, type VisitKind } from "./protocol";
import { say } from "./snapshot";

const LETTERS = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const ELLIPSIS = "…";
const NAME_KEPT = 100;
const MOST_CANDIDATES = 8;
const UNCLEAR = new Set(["ambiguous", "no_such_volunteer"]);

/** Whether a typed text is a name rather than a wrong code. */
export function looksLikeName(text: string): boolean {
  return LETTERS.test(text.normalize("NFKC"));
}

/** What is recorded for a typed name. A family name, or several people here: one is chosen first. Else the server says who it is. */
export function recordOfName(snapshot: Snapshot | null, text: string, way: VisitKind): { kind: Kind; payload: Payload; verdict: Verdict } {
  const name = text.slice(0, NAME_KEPT);
  const people = peopleCalled(snapshot, name);
  const [only] = people;
  if (people.length > 1 || (only && !settles(name, only))) {
    const verdict = { ...say(snapshot, "ambiguous"), candidates: people.slice(0, MOST_CANDIDATES) };
    return { kind: "scan.failed", payload: failedScan(name, "ambiguous", "typed"), verdict };
  }
  const verdict = { ...say(snapshot, "recorded"), name: only?.name ?? "", kana: only?.kana ?? "" };
  return { kind: way, payload: { name, input: "typed" }, verdict };
}

/** Whether the server knew nobody, or several people, by the name that was typed: an operator says whose record it is. */
export function isUnclear({ op, result }: Entry): boolean {
  return op.payload.name !== undefined && UNCLEAR.has(result?.code ?? "");
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
