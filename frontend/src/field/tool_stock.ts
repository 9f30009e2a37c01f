/* Which tool is where, as far as this tablet knows: the snapshot, moved on by what it recorded since. */
import type { ToolOutcome, ToolPiece, Tools } from "./protocol";
import type { Entry } from "./shelf";
import { undoneBy } from "./undo";

const NOTHING: Tools = { kinds: [], teams: [], items: [], stock: {} };

export class ToolStock {
  private readonly with = new Map<number, string>();
  private readonly lent = new Map<string, number>();

  /** `entries`: this tablet's records that the snapshot may lack, oldest first. What it was told to hold is in it already,
      also while the record's own answer is on the way. */
  constructor(
    readonly tools: Tools = NOTHING,
    entries: readonly Entry[] = [],
  ) {
    const counted = new Set([...undoneBy(entries), ...(tools.told ?? [])]);
    for (const entry of entries) if (!counted.has(entry.op_id)) this.note(entry);
  }

  /** The piece whose card has this prefix, or this short code. */
  piece({ prefix, code }: { prefix?: string | undefined; code?: string | undefined }): ToolPiece | undefined {
    return this.tools.items.find((each) => each.prefix === prefix || each.code === code);
  }

  /** Who has a piece; empty when it is here. */
  holder(piece: ToolPiece): string {
    return this.with.get(piece.id) ?? piece.with;
  }

  /** How many of a counted tool a team has. */
  has(team: number, tool: string): number {
    const known = this.tools.teams.find(({ id }) => id === team)?.has[tool] ?? 0;
    return Math.max(0, known + (this.lent.get(`${team}:${tool}`) ?? 0));
  }

  /**
   * With which counts a give-back begins: all that the team has. What became of them is said of all numbers at once, so of
   * what is broken, lost or left behind a person says how many.
   */
  givenBack(team: number, outcome: ToolOutcome): Map<string, number> {
    return new Map(this.tools.kinds.map(({ code }) => [code, outcome === "fine" ? this.has(team, code) : 0]));
  }

  /** How many of a counted tool can be lent, at all sites together. */
  left(tool: string): number {
    let left = Object.values(this.tools.stock).reduce((sum, site) => sum + (site[tool] ?? 0), 0);
    for (const [key, count] of this.lent) if (key.endsWith(`:${tool}`)) left -= count;
    return Math.max(0, left);
  }

  private note({ op, verdict, result }: Entry): void {
    if (op.kind !== "tool.lend" && op.kind !== "tool.give_back") return;
    if ((result?.tone ?? verdict.tone) === "stop") return;
    const { tool, team, count = 1, outcome = "fine" } = op.payload;
    const isLent = op.kind === "tool.lend";
    if (tool === undefined) {
      const piece = this.tools.items.find((each) => each.id === op.payload.item);
      const name = this.tools.teams.find(({ id }) => id === team)?.name ?? "";
      if (piece && (isLent || outcome !== "left")) this.with.set(piece.id, isLent ? name : "");
    } else if (team !== undefined && (isLent || outcome !== "left")) {
      const key = `${team}:${tool}`;
      this.lent.set(key, (this.lent.get(key) ?? 0) + (isLent ? count : -count));
    }
  }
}
