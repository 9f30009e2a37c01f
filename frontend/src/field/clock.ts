import { uuid7 } from "./uuid7";

/** When something happened, by the tablet's two clocks. `t_mono`: ms since `boot_id` began; nobody can set it. */
export interface Stamp {
  readonly t_wall: string;
  readonly t_mono: number;
  readonly boot_id: string;
}

/** The server said that it was `at` when this tablet's clocks showed `wall` and `mono`: all in ms (dvc/sync/clocks.py). */
export interface Heard {
  readonly at: number;
  readonly wall: number;
  readonly mono: number;
  readonly boot_id: string;
}

/** Both clocks at one moment, in ms. */
export interface Reading {
  readonly wall: number;
  readonly mono: number;
}

const BOOT_ID = uuid7();
// An answer that took longer says too little about when the server looked at its clock.
const LONGEST_ROUND_MS = 6_000;
const SET_IN_BETWEEN_MS = 1_000;

export function stamp(now: Date = new Date()): Stamp {
  return { t_wall: isoWithOffset(now), t_mono: monotonic(), boot_id: BOOT_ID };
}

/** What the envelope says of the clocks at sending. */
export function sendingStamp(): { sent_wall: string; sent_mono: number; boot_id: string } {
  const { t_wall, t_mono, boot_id } = stamp();
  return { sent_wall: t_wall, sent_mono: t_mono, boot_id };
}

export function reading(): Reading {
  return { wall: Date.now(), mono: monotonic() };
}

/** What an answer says of the server's clock: taken for the middle of the round. Null when that is worth nothing. */
export function heardOf(serverTime: string, asked: Reading, answered: Reading): Heard | null {
  const at = Date.parse(serverTime);
  const round = answered.mono - asked.mono;
  const wasSet = Math.abs(answered.wall - asked.wall - round) > SET_IN_BETWEEN_MS;
  if (Number.isNaN(at) || round < 0 || round > LONGEST_ROUND_MS || wasSet) return null;
  return { at, wall: Math.round(asked.wall + round / 2), mono: asked.mono + round / 2, boot_id: BOOT_ID };
}

function monotonic(): number {
  return Math.round(performance.now() * 10) / 10;
}

/** ISO-8601 with the tablet's own offset: 2026-11-23T08:57:03.120+09:00. */
export function isoWithOffset(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const sign = minutes < 0 ? "-" : "+";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${local}${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}
