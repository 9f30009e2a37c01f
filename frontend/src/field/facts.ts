/* From what an operator did to the fact that goes on the shelf. */
import { cardPrefix } from "./card";
import { stamp } from "./clock";
import type { Fact, Input, Kind, Payload, Verdict } from "./protocol";
import { uuid7 } from "./uuid7";

const RAW_KEPT = 200;

/** Who did it: nobody, at a kiosk. */
export interface Hands {
  readonly actor: number | null;
  readonly badge?: string | undefined;
}

/** Whose hands, in which operation, and whether the network was there. */
export interface Setting extends Hands {
  readonly operation: number;
  readonly online: boolean;
}

/** A fact that happened now. */
export function factOf(kind: Kind, payload: Payload, verdict: Verdict, { actor, badge, operation, online }: Setting): Fact {
  return {
    op_id: uuid7(),
    actor,
    ...(badge === undefined ? {} : { badge }),
    operation,
    kind,
    v: 1,
    ...stamp(),
    lane: laneOf(payload, verdict),
    base: {},
    payload,
    mode: online ? "online" : "offline",
  };
}

/** scan.failed: what was read, and why it led nowhere. */
export function failedScan(raw: string, code: string, input: Input): Payload {
  return { raw: raw.slice(0, RAW_KEPT), code, input };
}

/** YYYY-MM-DD in the tablet's own zone. */
export function localDay(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The tablet could not write (disk full, shelf closed): nobody may believe that this was recorded. */
export const NOT_WRITTEN: Verdict = {
  code: "not_written",
  tone: "stop",
  title: "端末に保存できませんでした",
  say: "紙に名前と時刻を書き、ページを開き直してから、もう一度読み取ってください。",
  name: "",
  kana: "",
  volunteer: null,
  todo: [],
};

function laneOf(payload: Payload, verdict: Verdict): string {
  if (verdict.volunteer !== null) return `person:${verdict.volunteer}`;
  if (payload.volunteer !== undefined) return `person:${payload.volunteer}`;
  if (payload.guest !== undefined) return `guest:${payload.guest}`;
  if (payload.appointment !== undefined) return `survey:${payload.appointment}`;
  if (payload.item !== undefined) return `item:${payload.item}`;
  if (payload.tool !== undefined) return `tool:${payload.tool}`;
  if (payload.op !== undefined) return `op:${payload.op}`;
  if (payload.card !== undefined) return `card:${cardPrefix(payload.card) ?? "unknown"}`;
  if (payload.name !== undefined) return "name";
  return `code:${payload.short_code ?? "unknown"}`;
}
