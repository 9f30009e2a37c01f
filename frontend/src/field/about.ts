/* What an op is about: whom it names, and what of their visit it settles. */
import type { Payload, VisitKind } from "./protocol";
import type { Entry } from "./shelf";

/** The verdict on a fact of that kind where nothing stands against it. */
export const CODES: Record<VisitKind, string> = {
  "visit.arrive": "ok",
  "visit.leave": "ok_left",
  "visit.orient": "ok_oriented",
  "visit.insure": "ok_insured",
  "visit.consent": "ok_agreed",
};

/** What of a person's todo a fact settles. */
export const SETTLES: Partial<Record<VisitKind, string>> = { "visit.orient": "orientation", "visit.insure": "insurance", "visit.consent": "consent" };

/** The same person again, for another fact. */
export function subjectOf({ op, result }: Entry): Payload {
  const { card, short_code, volunteer, guest } = op.payload;
  if (guest !== undefined) return { guest };
  if (op.kind === "visit.undo") return { volunteer: result?.data.volunteer ?? 0 };
  if (card !== undefined) return { card };
  if (short_code !== undefined) return { short_code };
  // Whom a typed name meant stands in the answer, once it has come.
  const who = volunteer ?? result?.data.volunteer;
  return who === undefined && op.payload.name !== undefined ? { name: op.payload.name } : { volunteer: who ?? 0 };
}
