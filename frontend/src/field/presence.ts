import { cardPrefix } from "./card";
import type { GroupPayload, Kind, Snapshot, WalkIn } from "./protocol";
import type { Entry } from "./shelf";
import { UNCHECKED, guestTodo, type Guest, type Presence } from "./snapshot";
import { shortName } from "./text";

// An arrival with one of these codes was no new one.
const KNOWN_BEFORE = new Set(["already_present", "wrong_site", "ambiguous", "already_left", "unbound_card", "card_in_doubt"]);
const ARRIVALS = new Set<Kind | undefined>(["visit.arrive", "person.walk_in"]);

type Who = number | string;

/** Who is here, and how many came today: the snapshot's list, moved on by what this tablet recorded since. */
export class PresenceList implements Presence {
  private here = new Set<Who>();
  private gone = new Set<Who>();
  private arrivals = new Set<string>();
  /** Arrivals without an answer of people whom the snapshot has: in its number already, or told elsewhere before. */
  private listed = new Set<string>();
  private undone = new Set<string>();
  /** Arrivals of cards that nobody is known to hold: card text → op id. */
  private unnamed = new Map<string, string>();
  private guests = new Map<string, Omit<Guest, "here">>();
  private sites = new Map<Who, number>();
  private before = 0;
  private snapshot: Snapshot | null = null;

  /** Start again from a snapshot and the tablet's own entries since, oldest first. `day`: YYYY-MM-DD. */
  reset(snapshot: Snapshot | null, entries: readonly Entry[], day = ""): void {
    const today = snapshot?.today?.day === day ? snapshot.today : undefined;
    this.snapshot = snapshot;
    this.here = new Set(Object.keys(snapshot?.present ?? {}).map(Number));
    this.gone = new Set(today?.left);
    this.before = today?.arrived ?? 0;
    this.sites = new Map(Object.entries(today?.sites ?? {}).map(([who, site]) => [Number(who), site]));
    this.arrivals = new Set();
    this.listed = new Set();
    this.undone = new Set();
    this.unnamed = new Map();
    this.guests = new Map();
    for (const entry of entries) {
      // Also somebody written down here: the answer says who they are.
      const who = entry.result?.data.volunteer ?? whoOf(entry);
      // What was settled while the snapshot was made may be in its number already.
      const isListed = ARRIVALS.has(entry.op.kind) && typeof who === "number" && this.here.has(who);
      if (isListed && entry.result !== null) continue;
      if (isListed) this.listed.add(entry.op.op_id); // its answer is still on the way, and may say that it is new
      this.note(entry);
    }
  }

  /** Take an entry in; safe to repeat when its result has come. */
  note(entry: Entry): void {
    const { op, result } = entry;
    const refused = (result?.tone ?? entry.verdict.tone) === "stop";
    if (op.kind === "visit.undo") {
      if (!refused) this.takeBack(entry);
      return;
    }
    if (this.undone.has(op.op_id)) return;
    if (op.kind === "person.walk_in") this.write(entry);
    if (UNCHECKED.has(entry.verdict.code) && op.payload.card !== undefined) this.unnamed.set(op.payload.card, op.op_id);
    if (ARRIVALS.has(op.kind)) {
      if (this.isNamedInList(entry)) this.listed.add(op.op_id);
      const isKnown = this.listed.has(op.op_id) || KNOWN_BEFORE.has(result?.code ?? entry.verdict.code);
      if (refused || isKnown) this.arrivals.delete(op.op_id);
      else this.arrivals.add(op.op_id);
    }
    if (op.kind === "group.arrive" || op.kind === "group.leave") {
      if (!refused) this.together(entry);
      return;
    }
    const who = whoOf(entry);
    if (who === undefined || refused) return;
    if (ARRIVALS.has(op.kind)) {
      if (op.payload.site && !this.here.has(who)) this.sites.set(who, op.payload.site);
      this.enter(who);
    }
    if (op.kind === "visit.leave") this.leave(who);
  }

  has(who: Who): boolean {
    return this.here.has(who);
  }

  siteOf(who: Who): number | undefined {
    return this.sites.get(who);
  }

  wentHome(who: Who): boolean {
    return this.gone.has(who);
  }

  guest(prefix: string): Guest | undefined {
    const guest = this.guests.get(prefix);
    if (!guest) return undefined;
    const gone = this.gone.has(guest.guest) || this.gone.has(guest.volunteer ?? "");
    return { ...guest, here: !gone && (this.here.has(guest.guest) || this.here.has(guest.volunteer ?? "")) };
  }

  /** Arrivals of today, as far as this tablet knows. */
  get arrived(): number {
    return Math.max(0, this.before + this.arrivals.size);
  }

  /** Whom only the answer names, and who is on the list that came before it: in its number already. */
  private isNamedInList({ result, verdict }: Entry): boolean {
    const named = result?.data.volunteer;
    return named !== undefined && verdict.volunteer !== named && String(named) in (this.snapshot?.present ?? {});
  }

  private enter(who: Who): void {
    this.here.add(who);
    this.gone.delete(who);
  }

  private leave(who: Who): void {
    if (this.here.delete(who)) this.gone.add(who);
    this.sites.delete(who);
  }

  /** Each member's arrival is one of its own, so that nobody is counted twice: of those the server counted, once it has
      answered. A list that is older than a merge names others. */
  private together({ op, result }: Entry): void {
    const { members } = op.payload as GroupPayload;
    const counted = result?.data.volunteers ?? members;
    const everybody = new Set([...members, ...counted]);
    if (op.kind === "group.leave") {
      for (const member of everybody) this.leave(member);
      return;
    }
    const theirs = new Set(counted.map((member) => `${op.op_id}:${member}`));
    for (const arrival of this.arrivals) if (arrival.startsWith(`${op.op_id}:`) && !theirs.has(arrival)) this.arrivals.delete(arrival);
    for (const member of everybody) {
      if (!this.here.has(member)) {
        if (counted.includes(member)) this.arrivals.add(`${op.op_id}:${member}`);
        if (op.payload.site) this.sites.set(member, op.payload.site);
      }
      this.enter(member);
    }
  }

  private takeBack(entry: Entry): void {
    const { op, of } = entry.op.payload;
    if (op === undefined || this.undone.has(op)) return;
    this.undone.add(op);
    const who = whoOf(entry);
    if (ARRIVALS.has(of)) {
      if (!this.arrivals.delete(op)) this.before -= 1; // it was in the snapshot's number
      if (who !== undefined) this.here.delete(who);
      for (const [prefix, { guest }] of this.guests) if (of === "person.walk_in" && guest === entry.verdict.guest) this.guests.delete(prefix);
    }
    if (of === "group.arrive") {
      for (const arrival of this.arrivals) {
        if (!arrival.startsWith(`${op}:`)) continue;
        this.arrivals.delete(arrival);
        this.here.delete(Number(arrival.slice(op.length + 1)));
      }
    }
    if (of === "visit.leave" && who !== undefined) this.enter(who);
  }

  private write({ op, result }: Entry): void {
    const told = op.payload as WalkIn;
    const prefix = told.card === undefined ? null : cardPrefix(told.card);
    if (!prefix || told.card === undefined) return;
    // The card was scanned before it was given: that was the same person.
    const scan = this.unnamed.get(told.card);
    if (scan !== undefined) this.arrivals.delete(scan);
    this.guests.set(prefix, {
      guest: told.guest,
      volunteer: result?.data.volunteer ?? null,
      name: shortName(`${told.family_name} ${told.given_name}`),
      kana: shortName(`${told.family_kana} ${told.given_kana}`),
      todo: guestTodo(this.snapshot, told),
    });
  }
}

function whoOf({ op, result, verdict }: Entry): Who | undefined {
  return verdict.guest ?? op.payload.guest ?? result?.data.volunteer ?? verdict.volunteer ?? undefined;
}
