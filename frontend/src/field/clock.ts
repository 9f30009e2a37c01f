import { uuid7 } from "./uuid7";

/** When something happened, by the tablet's two clocks. `t_mono`: ms since `boot_id` began; nobody can set it. */
export interface Stamp {
  readonly t_wall: string;
  readonly t_mono: number;
  readonly boot_id: string;
}

const BOOT_ID = uuid7();

export function stamp(now: Date = new Date()): Stamp {
  return { t_wall: isoWithOffset(now), t_mono: Math.round(performance.now() * 10) / 10, boot_id: BOOT_ID };
}

/** ISO-8601 with the tablet's own offset: 2026-11-23T08:57:03.120+09:00. */
export function isoWithOffset(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const sign = minutes < 0 ? "-" : "+";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${local}${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}
