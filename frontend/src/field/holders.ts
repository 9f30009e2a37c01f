/* Who holds which card: one look-up table for 60,000 cards, built once and moved on by what changed. */
import type { CardRow, Changes, Snapshot, WholeAnswer } from "./protocol";

const PREFIX = 16;
const CODE = 8;

export class Holders {
  private readonly rows = new Map<string, CardRow>();
  private readonly codes = new Map<string, string>();
  private readonly worthless = new Set<string>();

  /** From a stored snapshot of either form: in columns, or by prefix as releases before 0.2 kept it. */
  constructor(snapshot: Snapshot) {
    if (snapshot.columns) this.fromColumns(snapshot.columns);
    else this.add(snapshot.cards ?? {}, snapshot.short_codes ?? {});
    const { revoked } = snapshot;
    if (typeof revoked === "string") cut(revoked, PREFIX).forEach((prefix) => this.worthless.add(prefix));
    else revoked.forEach((prefix) => this.worthless.add(prefix));
  }

  /** How many cards somebody holds. */
  get size(): number {
    return this.rows.size;
  }

  /** Every card somebody holds. */
  all(): IterableIterator<CardRow> {
    return this.rows.values();
  }

  byPrefix(prefix: string): CardRow | undefined {
    return this.rows.get(prefix);
  }

  prefixOf(code: string): string | undefined {
    return this.codes.get(code);
  }

  isRevoked(prefix: string): boolean {
    return this.worthless.has(prefix);
  }

  /** Take in what changed: a card that is named is first forgotten, whatever it was. */
  moveOn(changes: Changes): void {
    for (const prefix of [...changes.unbound, ...changes.revoked, ...Object.keys(changes.cards)]) {
      this.rows.delete(prefix);
      this.worthless.delete(prefix);
    }
    this.add(changes.cards, changes.short_codes);
    changes.revoked.forEach((prefix) => this.worthless.add(prefix));
  }

  private add(cards: Readonly<Record<string, CardRow>>, codes: Readonly<Record<string, string>>): void {
    for (const [prefix, row] of Object.entries(cards)) this.rows.set(prefix, row);
    for (const [code, prefix] of Object.entries(codes)) this.codes.set(code, prefix);
  }

  private fromColumns({ prefixes, codes, volunteers, names, kanas, flags, ends }: NonNullable<Snapshot["columns"]>): void {
    volunteers.forEach((volunteer, i) => {
      const prefix = prefixes.slice(i * PREFIX, (i + 1) * PREFIX);
      this.rows.set(prefix, [volunteer, names[i] ?? "", kanas[i] ?? "", flags[i] ?? 0, ends?.[i] ?? ""]);
      this.codes.set(codes.slice(i * CODE, (i + 1) * CODE), prefix);
    });
  }
}

const tables = new WeakMap<Snapshot, Holders>();

/** The look-up table of a snapshot. The first call for a snapshot builds it (60,000 cards: some 50 ms). */
export function holdersOf(snapshot: Snapshot): Holders {
  const known = tables.get(snapshot);
  if (known) return known;
  const made = new Holders(snapshot);
  tables.set(snapshot, made);
  return made;
}

/** The snapshot an answer with everything stands for. */
export function wholeSnapshot({ head, columns, revoked, present, cursor, server_time }: WholeAnswer): Snapshot {
  return { ...head, columns, revoked, present, version: cursor, server_time };
}

/**
 * The snapshot after these changes. The old one must not be asked about cards any more: its table moves on. `kept`: the
 * cursor of what lies on the shelf, where that is another.
 */
export function movedOn(snapshot: Snapshot, changes: Changes, kept?: string): Snapshot {
  const present: Record<string, string> = { ...snapshot.present };
  for (const [volunteer, arrived] of Object.entries(changes.present)) {
    if (arrived === null) delete present[volunteer];
    else present[volunteer] = arrived;
  }
  const holders = holdersOf(snapshot);
  holders.moveOn(changes);
  const { cursor: version, server_time, asked } = changes;
  const next: Snapshot = { ...snapshot, ...changes.head, present, version, server_time, asked, kept };
  tables.set(next, holders);
  return next;
}

/** The same snapshot, all of it on the shelf. */
export function keptNow(snapshot: Snapshot): Snapshot {
  const next: Snapshot = { ...snapshot, kept: undefined };
  tables.set(next, holdersOf(snapshot));
  return next;
}

/** Whether an answer says anything new. */
export function saysSomething(changes: Changes): boolean {
  const { head, cards, unbound, revoked, present } = changes;
  return [head, cards, present].some((each) => Object.keys(each).length > 0) || unbound.length + revoked.length > 0;
}

function cut(text: string, length: number): string[] {
  return Array.from({ length: Math.floor(text.length / length) }, (_, i) => text.slice(i * length, (i + 1) * length));
}
