/* The tablet's own look at a card, from its snapshot. A preview: the server's verdict replaces it. */
import { CODES } from "./about";
import { VOLUNTEER, cardPrefix, readCard, type CardProblem } from "./card";
import { holdersOf } from "./holders";
import { BLOCKED, GUARDIAN_CONSENT, INSURED, MINOR, NO_EMERGENCY, OLD_CONSENT, ORIENTED } from "./protocol";
import { questionTodo } from "./question_todo";
import type { CardRow, Person, Snapshot, Todo, Verdict, VerdictText, VisitKind, WalkIn } from "./protocol";

/** What was put before the tablet: the text of a card, or a short code that passed its check letter. */
export type Subject = { readonly card: string } | { readonly shortCode: string };

/** Who is here, as far as this tablet knows: the snapshot and its own records since. */
export interface Presence {
  has(volunteer: number): boolean;
  /** The site they arrived at, where that is known. */
  siteOf?(volunteer: number): number | undefined;
  /** Came today and went home again. */
  wentHome?(volunteer: number): boolean;
  /** Somebody this tablet wrote down and gave the card with that prefix. */
  guest?(prefix: string): Guest | undefined;
}

/** Somebody written down at this desk: `here` as far as this tablet knows; `volunteer` once the server has answered. */
export interface Guest {
  readonly guest: string;
  readonly volunteer: number | null;
  readonly name: string;
  readonly kana: string;
  readonly here: boolean;
  readonly todo: readonly Todo[];
}

// A key that this tablet does not know may be newer than its snapshot: only the server can tell.
const PROBLEM_CODES: Record<CardProblem, string> = {
  unreadable: "unreadable",
  foreign: "foreign_card",
  unknown_key: "unverified_card",
  forged: "forged_card",
  wrong_purpose: "wrong_purpose",
};

/** Codes of a preview that says nothing about a person: such a scan is no fact. */
export const NOT_A_FACT: ReadonlySet<string> = new Set(["unreadable", "no_such_code"]);

/** Codes of a preview that knows nobody by this card: recorded, not checked. */
export const UNCHECKED: ReadonlySet<string> = new Set(["recorded", "unverified_card"]);

/** Words for a tablet that never had a snapshot; afterwards the server's table is used. */
const FIRST_TEXTS: Record<string, VerdictText> = {
  recorded: { tone: "warn", title: "記録しました（未確認）", say: "つながると確認されます。名前を聞いて、名札を渡してください。" },
  unreadable: { tone: "stop", title: "読み取れませんでした", say: "ボランティアカードのQRコードを、もう一度ゆっくり当ててください。だめなら、カードの番号8文字を入力してください。" },
  no_such_code: { tone: "stop", title: "その番号のカードはありません", say: "カードの番号8文字を、もう一度見て入力してください。" },
};

/** Judge a subject. `at` is the local date YYYY-MM-DD for cards that expire. */
export async function preview(
  subject: Subject,
  kind: VisitKind,
  { snapshot, presence, today, site = null }: { snapshot: Snapshot | null; presence: Presence; today: string; site?: number | null },
): Promise<Verdict> {
  if (!snapshot) return say(null, "recorded");
  const holders = holdersOf(snapshot);
  let prefix: string | undefined;
  if ("card" in subject) {
    const reading = await readCard(subject.card, { issuer: snapshot.center.issuer, keys: snapshot.keys }, { purpose: VOLUNTEER });
    if (!reading.ok) {
      const guest = reading.problem === "unknown_key" ? presence.guest?.(cardPrefix(subject.card) ?? "") : undefined;
      return guest ? aboutGuest(snapshot, kind, guest) : say(snapshot, PROBLEM_CODES[reading.problem]);
    }
    prefix = reading.token.prefix;
    if (holders.isRevoked(prefix)) return say(snapshot, "revoked");
    if (isOver(reading.token.expires, today)) return say(snapshot, "expired_card");
  } else {
    prefix = holders.prefixOf(subject.shortCode);
  }
  const bound = prefix === undefined ? undefined : holders.byPrefix(prefix);
  if (!bound) {
    const guest = prefix === undefined ? undefined : presence.guest?.(prefix);
    return guest ? aboutGuest(snapshot, kind, guest) : say(snapshot, "recorded");
  }
  if (isOver(bound[4], today)) return say(snapshot, "expired_card");
  return judge(snapshot, kind, bound, presence, site);
}

/** Judge somebody who was picked from a list, as their card would be. Of whom no card is known here nothing was checked. */
export function previewOf(
  person: Person,
  kind: VisitKind,
  { snapshot, presence, site = null }: { snapshot: Snapshot | null; presence: Presence; site?: number | null },
): Verdict {
  if (!snapshot) return say(null, "recorded", person);
  const { volunteer } = person;
  const row = [...holdersOf(snapshot).all()].find(([holder]) => holder === volunteer);
  if (row) return judge(snapshot, kind, row, presence, site);
  const isHere = kind === "visit.arrive" && presence.has(volunteer);
  return say(snapshot, isHere ? hereAlready(presence.siteOf?.(volunteer), site) : "recorded", person);
}

/** Whether a card's last good day lies before `today`; without one it does not expire. */
function isOver(lastDay: string | null | undefined, today: string): boolean {
  return Boolean(lastDay) && lastDay! < today;
}

function judge(snapshot: Snapshot, kind: VisitKind, [volunteer, name, kana, flags]: CardRow, presence: Presence, site: number | null): Verdict {
  if (flags & BLOCKED) return say(snapshot, "blocked");
  const person = { volunteer, name, kana };
  const here = presence.has(volunteer);
  switch (kind) {
    case "visit.arrive": {
      const todo = todos(snapshot, flags);
      if (here) return say(snapshot, hereAlready(presence.siteOf?.(volunteer), site), person, todo);
      return say(snapshot, welcomeCode(snapshot, presence.wentHome?.(volunteer) ?? false, todo), person, todo);
    }
    case "visit.leave":
      if (here) return say(snapshot, CODES[kind], person);
      return say(snapshot, presence.wentHome?.(volunteer) ? "already_left" : "not_present", person);
    case "visit.orient":
      // Whoever came in at another tablet is not known here yet: recorded, not checked.
      return say(snapshot, here ? CODES[kind] : "recorded", person);
    case "visit.insure":
    case "visit.consent":
      return say(snapshot, CODES[kind], person);
  }
}

function hereAlready(there: number | undefined, site: number | null): string {
  return site !== null && there !== undefined && there !== site ? "wrong_site" : "already_present";
}

/** The words for a code from the server's table. */
export function say(
  snapshot: Snapshot | null,
  code: string,
  person: { volunteer: number | null; name: string; kana: string } = { volunteer: null, name: "", kana: "" },
  todo: readonly Todo[] = [],
): Verdict {
  const text = snapshot?.texts[code] ?? FIRST_TEXTS[code] ?? FIRST_TEXTS["recorded"]!;
  return { code, tone: text.tone, title: text.title, say: text.say, ...person, todo };
}

function aboutGuest(snapshot: Snapshot, kind: VisitKind, guest: Guest): Verdict {
  const { volunteer, name, kana, here } = guest;
  const code = kind === "visit.arrive" && here ? "already_present" : kind === "visit.leave" && !here ? "already_left" : CODES[kind];
  return { ...say(snapshot, code, { volunteer, name, kana }, kind === "visit.arrive" ? guest.todo : []), guest: guest.guest };
}

// As intake/checkin/services.py: what the desk has to settle at once, the gravest first.
const FIRST_THINGS: readonly (readonly [string, string])[] = [
  ["guardian", "guardian_required"],
  ["insurance", "insurance_missing"],
  ["consent", "consent_outdated"],
  ["emergency_contact", "incomplete"],
];

/** The verdict on somebody who was not here yet. */
export function welcomeCode(snapshot: Snapshot | null, again: boolean, todo: readonly Todo[]): string {
  if (snapshot && !snapshot.operation.is_open) return "closed_operation";
  const first = FIRST_THINGS.find(([block]) => todo.some(({ code }) => code === block));
  return first?.[1] ?? (again ? "ok_again" : "ok");
}

function todos(snapshot: Snapshot, flags: number): Todo[] {
  const { operation } = snapshot;
  const list: Todo[] = [];
  if (operation.orientation_required && !(flags & ORIENTED)) {
    list.push({ code: "orientation", text: "説明（オリエンテーション）をまだ受けていません。" });
  }
  if (operation.insurance_required && !(flags & INSURED)) {
    list.push({ code: "insurance", text: "ボランティア保険が確認できていません。" });
  }
  if (flags & MINOR && !(flags & GUARDIAN_CONSENT)) {
    list.push({ code: "guardian", text: "未成年の方です。保護者の同意書を確かめてください。" });
  }
  if (flags & OLD_CONSENT) list.push({ code: "consent", text: "注意事項が新しくなりました。新しいものを読んでもらってください。" });
  if (flags & NO_EMERGENCY) list.push({ code: "emergency_contact", text: "緊急連絡先がありません。聞いて登録してください。" });
  return [...list, ...questionTodo(snapshot, flags)];
}

/** What is still to be done with somebody who was just written down. */
export function guestTodo(snapshot: Snapshot | null, told: WalkIn): Todo[] {
  if (!snapshot) return [];
  const flags =
    (told.insured === "seen_card" ? INSURED : 0) |
    (told.minor ? MINOR : 0) |
    (told.guardian_consent ? GUARDIAN_CONSENT : 0) |
    (snapshot.operation.consent_since && !told.consent ? OLD_CONSENT : 0) |
    (told.emergency_phone ? 0 : NO_EMERGENCY);
  return todos(snapshot, flags);
}
