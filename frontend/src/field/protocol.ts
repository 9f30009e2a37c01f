/* The contract with POST /api/v1/sync/ops and GET /api/v1/sync/snapshot: shapes only. */
import type { Heard, Stamp } from "./clock";

export type Tone = "ok" | "warn" | "stop";
/** Facts about one person's visit. */
export type VisitKind = "visit.arrive" | "visit.leave" | "visit.orient" | "visit.insure" | "visit.consent";
/** What surveyors tell of a house. */
export type SurveyKind = "survey.done" | "survey.absent";
export type Kind = VisitKind | "visit.answer" | "visit.undo" | "card.bind" | "person.walk_in" | "scan.failed" | "group.arrive" | "group.leave" | SurveyKind | ToolKind;
/** What the tool desk records. */
export type ToolKind = "tool.lend" | "tool.give_back";
export type ToolOutcome = "fine" | "left" | "broken" | "lost";
export type Evidence = "seen_card" | "online" | "joined_here";
export type Input = "camera" | "reader" | "typed" | "list";

export interface Payload {
  readonly card?: string;
  readonly short_code?: string;
  readonly volunteer?: number;
  /** A typed name or reading. */
  readonly name?: string;
  readonly site?: number | null;
  readonly input?: Input;
  readonly evidence?: Evidence;
  /** The tablet's own name for somebody it wrote down, until the server's id is known. */
  readonly guest?: string;
  /** visit.answer: question → what they said. */
  readonly answers?: Answers;
  /** visit.answer: one button for every question that was open; the server lets whatever else was said stand over it. */
  readonly all?: true;
  /** visit.undo: the op that is taken back, and its kind. */
  readonly op?: string;
  readonly of?: Kind;
  /** scan.failed: what was read, and why it led nowhere. */
  readonly raw?: string;
  readonly code?: string;
  /** card.bind: the person's card before this one is lost. */
  readonly lost?: boolean;
  /** The op with a typed name that meant this person. */
  readonly instead_of?: string;
  /** survey.…: whose house, and the visit that was agreed on. */
  readonly need?: number;
  readonly appointment?: number;
  readonly note?: string;
  /** survey.done: the sheet as it was filled in, field → text, texts or a tick. */
  readonly form?: Filled;
  readonly photos?: readonly PhotoNote[];
  /** survey.done: strokes of x, y, x, y … in thousandths of the field's width. */
  readonly signature?: readonly (readonly number[])[];
  /** tool.lend, tool.give_back: a numbered piece by its id, or `count` of a `tool`; to or from which team. */
  readonly item?: number;
  readonly tool?: string;
  readonly count?: number;
  readonly team?: number;
  readonly outcome?: ToolOutcome;
}

export type Filled = Readonly<Record<string, string | readonly string[] | boolean>>;

/** A photo by the SHA-256 of its file. */
export interface PhotoNote {
  readonly sent: string;
  readonly caption: string;
}

/** A team at the tool desk: what to offer it (tool → count), and the counted tools it has. */
export interface ToolTeam {
  readonly id: number;
  readonly name: string;
  readonly out: boolean;
  readonly leader: string;
  readonly offer: Readonly<Record<string, number>>;
  readonly has: Readonly<Record<string, number>>;
}

/** A numbered piece: `prefix` and `code` of its card; `with`: who has it, empty when it is here. */
export interface ToolPiece {
  readonly id: number;
  readonly name: string;
  readonly tool: string;
  readonly site: number;
  readonly prefix: string;
  readonly code: string;
  readonly condition: "fine" | "broken" | "lost";
  readonly with: string;
}

/** What the tool desk's tablet holds. `stock`: site → tool → how many can be lent. `told`: this tablet's newest ops that
    are in it; missing where an older release made it. */
export interface Tools {
  readonly kinds: readonly { readonly code: string; readonly label: string }[];
  readonly teams: readonly ToolTeam[];
  readonly items: readonly ToolPiece[];
  readonly stock: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly told?: readonly string[];
}

export type Answer = "yes" | "no";
export type Answers = Readonly<Record<string, Answer>>;

/** A question of the day, in words for the desk. `yes` lets people go on. */
export interface Question {
  readonly code: string;
  readonly kind: "health" | "gear" | "info";
  readonly name: string;
  readonly ask: string;
  readonly yes: string;
  readonly no: string;
}

/** person.walk_in: what the short form asks. */
export interface WalkIn extends Payload {
  readonly guest: string;
  readonly family_name: string;
  readonly given_name: string;
  readonly family_kana: string;
  readonly given_kana: string;
  readonly phone: string;
  readonly emergency_phone: string;
  readonly birth_date: string | null;
  readonly minor: boolean;
  readonly guardian_consent: boolean;
  readonly experience: number;
  readonly insured: Evidence | null;
  readonly consent: boolean;
  readonly proxy: boolean;
}

/** group.arrive, group.leave: the members who came or went, and how many more whose names nobody has. */
export interface GroupPayload extends Payload {
  readonly group: number;
  readonly members: readonly number[];
  readonly extra: number;
}

/** `members`: [volunteer, name, kana], family name and first letter; `sheet`: what its sheet's symbol is known by. */
export interface Group {
  readonly id: number;
  readonly name: string;
  readonly sheet?: string;
  readonly leader?: number;
  readonly members: readonly (readonly [number, string, string])[];
}

/** Somebody the name may mean. */
export interface Person {
  readonly volunteer: number;
  readonly name: string;
  readonly kana: string;
}

/** A member of whom something has to be said. */
export interface Exception {
  readonly volunteer: number;
  readonly name: string;
  readonly kana: string;
  readonly code: string;
  readonly title: string;
}

/** Somebody registered who may be the person of a walk-in. */
export interface Alike {
  readonly volunteer: number;
  readonly name: string;
  readonly kana: string;
  readonly same: readonly ("phone" | "name")[];
}

/** What the caller knows of an op; the shelf adds the sequence number. */
export interface Fact extends Stamp {
  readonly op_id: string;
  readonly actor: number | null;
  /** The first half of the badge the actor signed in with, if it was by badge. */
  readonly badge?: string;
  readonly operation: number;
  readonly kind: Kind;
  readonly v: 1;
  readonly lane: string;
  readonly base: Record<string, never>;
  readonly payload: Payload;
  readonly mode: "online" | "offline";
}

/** `heard`: what the shelf knew of the server's clock at that moment. */
export interface Op extends Fact {
  readonly seq: number;
  readonly heard?: Heard;
}

export interface Todo {
  readonly code: string;
  readonly text: string;
}

export interface ResultData {
  readonly visit?: number;
  readonly volunteer?: number;
  readonly name?: string;
  readonly kana?: string;
  readonly short_code?: string;
  readonly guest?: string;
  /** The tool that was lent or came back, to whom. */
  readonly what?: string;
  readonly to?: string;
  readonly alike?: readonly Alike[];
  /** "ambiguous": the people the name may mean, family name and first letter. */
  readonly candidates?: readonly Person[];
  readonly volunteers?: readonly number[];
  readonly exceptions?: readonly Exception[];
  readonly arrived_at?: string;
  readonly left_at?: string | null;
  readonly todo?: readonly Todo[];
  /** Where the operation asks questions of the day: those nobody has answered, gear that is lacking, whether the chief waits. */
  readonly questions?: { readonly left: readonly string[]; readonly lacks: readonly string[]; readonly talk: boolean };
}

export type Status = "applied" | "replayed" | "merged" | "held" | "review" | "refused" | "mismatch";

export interface Result {
  readonly op_id: string;
  readonly seq: number;
  readonly status: Status;
  readonly code: string;
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
  readonly data: ResultData;
  /** Of a replay: the status of the first answer, which may never have come. */
  readonly was?: Status;
}

export interface OpsAnswer {
  readonly server_time: string;
  readonly generation: string;
  readonly backed_up_seq: number;
  readonly results: readonly Result[];
  /** A revoked device may still hand over its queue; `text` says what became of it. */
  readonly device?: "revoked";
  readonly text?: string;
}

export interface VerdictText {
  readonly tone: Tone;
  readonly title: string;
  readonly say: string;
}

/** [volunteer, name, kana, flags, the card's last good day]; "" (or nothing, kept by an older release): it does not expire. */
export type CardRow = readonly [number, string, string, number, string?];

/**
 * What the tablet holds of an operation. Cards lie in `columns` of equal length (`prefixes` and `codes` run together, 16
 * and 8 letters each) or, kept by an older release, in `cards` by prefix: ask `holdersOf`. `version` is the cursor of
 * the next download; `kept` the one that lies on the shelf, where that is older.
 */
export interface Snapshot {
  readonly version: string;
  readonly kept?: string | undefined;
  readonly server_time: string;
  /** When this tablet asked for it (ms of its own clock); of a whole, which may be older, nobody knows. */
  readonly asked?: number | undefined;
  readonly operation: {
    readonly id: number;
    readonly name: string;
    readonly mode: string;
    readonly mode_label: string;
    readonly is_open: boolean;
    readonly insurance_required: boolean;
    readonly orientation_required: boolean;
    /** When the notes people agree to changed last: who agreed before is asked again. */
    readonly consent_since?: string | null;
    /** The questions of the day, and whom they keep from going out. */
    readonly questions?: { readonly ask: readonly Question[]; readonly stop: "never" | "no" | "unanswered" };
  };
  readonly center: { readonly id: number; readonly name: string; readonly phone: string; readonly issuer: number };
  readonly sites: readonly { readonly id: number; readonly name: string }[];
  readonly keys: readonly { readonly kid: number; readonly public_key: string }[];
  readonly revoked: string | readonly string[];
  readonly columns?: Columns;
  readonly cards?: Readonly<Record<string, CardRow>>;
  readonly short_codes?: Readonly<Record<string, string>>;
  /** The center's public key for files of records (queue_file.ts), base64. */
  readonly queue_key?: string;
  /** Ops that a person at the desk has decided about. */
  readonly settled?: readonly string[];
  /** Drills that were wiped: nothing of them may stay. */
  readonly purged?: readonly number[];
  readonly present: Readonly<Record<string, string>>;
  /** `arrived`: visits of `day` (YYYY-MM-DD); `left`: volunteers of that day who are not here any more. */
  readonly today?: { readonly day: string; readonly arrived: number; readonly left: readonly number[]; /** Where those are who arrived at a named site. */ readonly sites?: Readonly<Record<string, number>> };
  readonly groups?: readonly Group[];
  /** At the tool desk. */
  readonly tools?: Tools;
  readonly texts: Readonly<Record<string, VerdictText>>;
}

export interface Columns {
  readonly prefixes: string;
  readonly codes: string;
  readonly volunteers: readonly number[];
  readonly names: readonly string[];
  readonly kanas: readonly string[];
  readonly flags: readonly number[];
  readonly ends?: readonly string[];
}

type Head = Omit<Snapshot, "version" | "kept" | "server_time" | "asked" | "revoked" | "columns" | "cards" | "short_codes" | "present">;

/** GET snapshot with an empty or unusable `since`. */
export interface WholeAnswer {
  readonly whole: true;
  readonly cursor: string;
  readonly server_time: string;
  readonly head: Head;
  readonly columns: Columns;
  readonly revoked: string;
  readonly present: Readonly<Record<string, string>>;
}

/** GET snapshot with a cursor: how it is now with what changed since. `present` holds null for who is not here. `asked`
    is the tablet's own. */
export interface Changes {
  readonly asked?: number;
  readonly cursor: string;
  readonly server_time: string;
  readonly head: Partial<Head>;
  readonly cards: Readonly<Record<string, CardRow>>;
  readonly short_codes: Readonly<Record<string, string>>;
  readonly unbound: readonly string[];
  readonly revoked: readonly string[];
  readonly present: Readonly<Record<string, string | null>>;
}

/** Changes on the shelf: `since` is the cursor of what they follow. */
export interface KeptChanges extends Changes {
  readonly since: string;
}

export const INSURED = 1;
export const ORIENTED = 2;
export const MINOR = 4;
export const GUARDIAN_CONSENT = 8;
export const BLOCKED = 16;
export const NO_EMERGENCY = 32;
export const ANSWERED = 64;
export const STOPPED = 128;
export const OLD_CONSENT = 256;

/** A registered tablet. `epoch` counts up when its numbering starts again. */
export interface Device {
  readonly device_id: string;
  readonly secret: string;
  readonly name: string;
  readonly epoch: number;
}

/** What the screen says about one scan. `checked` is false while only the tablet has looked. */
export interface Verdict {
  readonly code: string;
  readonly tone: Tone;
  readonly title: string;
  readonly say: string;
  readonly name: string;
  readonly kana: string;
  readonly volunteer: number | null;
  readonly todo: readonly Todo[];
  /** "ambiguous", as far as this tablet knows. */
  readonly candidates?: readonly Person[];
  /** Somebody this tablet wrote down and the server has not named yet. */
  readonly guest?: string;
  /** What it is about where that is no person: 「角スコップ 3 → 2班」. */
  readonly what?: string;
}
