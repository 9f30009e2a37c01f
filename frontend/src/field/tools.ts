/* The tool desk: choose a team, read cards or count, lend or take back; on-line and off-line by the same path. */
import { shortAbilities } from "./abilities";
import { wireCamera } from "./camera";
import { EQUIPMENT, cardPrefix, readCard } from "./card";
import { button, element, part } from "./elements";
import { failedScan } from "./facts";
import { drawLink } from "./link";
import { keepPage } from "./offline";
import { OperatorScreen } from "./operator_screen";
import { verdictOf } from "./panel";
import type { Device, Input, Kind, Payload, ToolKind, ToolOutcome, ToolPiece, ToolTeam, Verdict } from "./protocol";
import { wireQueueFile } from "./queue_file_button";
import { QueueView } from "./queue_view";
import { Repeats } from "./repeat";
import type { Entry, Shelf } from "./shelf";
import { say, type Subject } from "./snapshot";
import { Sound } from "./sound";
import { wireSound } from "./sound_button";
import { Station } from "./station";
import { clean } from "./text";
import { ToolStock } from "./tool_stock";
import { notWritten, openShelf } from "./trouble";
import { wireTyped } from "./typed";
import { undoOf, undoVerdict } from "./undo";
import { Update } from "./update";
import { VerdictPanel } from "./verdict_panel";
import { listenToWedge } from "./wedge";

const MOST = 500;
// So many stand on the screen together.
const FEW = 5;
const teamNumber = ({ name }: ToolTeam): string => name.replace(/班$/, "");

/** Open the page: `page` is the body that carries the data-* attributes of the server. */
export async function openToolDesk(page: HTMLElement): Promise<void> {
  const shelf = await openShelf(page);
  if (!shelf) return;
  const device = await shelf.device();
  if (device) await new ToolDesk(page, shelf).begin(device);
  else part(page, "register").hidden = false;
  part(page, "abilities").textContent = await shortAbilities(await keepPage(page));
}

class ToolDesk {
  private readonly operator: OperatorScreen;
  private readonly station: Station;
  private readonly panel: VerdictPanel;
  private readonly queue: QueueView;
  private readonly update: Update;
  private readonly sound = new Sound(localStorage);
  private readonly repeats = new Repeats();
  private stock = new ToolStock();
  private entries: readonly Entry[] = [];
  private way: ToolKind = "tool.lend";
  private team: number | null = null;
  private counts = new Map<string, number>();
  private submitting = false;

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: Shelf,
  ) {
    this.operator = new OperatorScreen(page);
    this.station = new Station(page, shelf, {
      connected: (connection) => drawLink(page, connection),
      released: () => this.update.offer(),
      settled: (entries) => this.settled(entries),
      queue: () => this.drawQueue(),
      counted: (ofToday) => this.counted(ofToday),
      freshening: () => void this.operator.refresh(),
    });
    const nothing = (): void => undefined;
    this.panel = new VerdictPanel(page, {
      act: nothing,
      undo: (entry) => void this.undo(entry),
      walkIn: nothing,
      give: nothing,
      same: nothing,
      pick: nothing,
      group: () => null,
      questions: () => null,
    });
    this.queue = new QueueView(page, shelf, () => this.station.snapshot, (entry) => void this.undo(entry));
    this.update = new Update(page, () => false, nothing);
  }

  async begin(device: Device): Promise<void> {
    const { page } = this;
    await this.station.use(device);
    part(page, "send").addEventListener("click", () => {
      this.station.hurry();
      void this.station.freshen();
    });
    wireQueueFile(page, this.shelf, () => this.station.snapshot);
    wireSound(page, this.sound);
    listenToWedge(document, (text) => void this.scan({ card: text }, "reader"));
    wireTyped(page, {
      code: (code) => void this.scan({ shortCode: code }, "typed"),
      name: (text) => void this.unknown(text, "typed"),
      wrong: (text) => void this.unknown(text, "typed"),
    });
    wireCamera(page, (text) => void this.scan({ card: text }, "camera"));
    for (const press of page.querySelectorAll<HTMLElement>("[data-tool-way]")) {
      press.addEventListener("click", () => this.turn(press.dataset["toolWay"] === "back" ? "tool.give_back" : "tool.lend"));
    }
    const find = part<HTMLFormElement>(page, "team-find");
    find.addEventListener("input", () => this.draw());
    find.addEventListener("submit", (event) => {
      event.preventDefault();
      const [first, ...more] = this.found();
      if (first && (!more.length || teamNumber(first) === this.wanted)) this.choose(first.id);
    });
    part(page, "tool-submit").addEventListener("click", () => void this.submit());
    part(page, "outcome").addEventListener("change", () => {
      if (this.team !== null) this.choose(this.team);
    });
    this.station.start(() => this.operator.actor);
    for (const name of ["desk", "tools", "link", "unsent"]) part(page, name).hidden = false;
    await Promise.all([this.operator.begin(device), this.station.freshen()]);
    this.draw();
    page.dataset["ready"] = "yes";
  }

  // ── from a card or a count to a record ──────────────────────────────────────────────────────

  private async scan(subject: Subject, input: Input): Promise<void> {
    if (("card" in subject && this.operator.take(subject.card)) || this.operator.closed) return;
    const text = "card" in subject ? subject.card : subject.shortCode;
    if (this.repeats.isRepeat(`${this.way}:${this.team}:${text}`, Date.now(), input !== "camera")) return;
    this.panel.next();
    const { snapshot } = this.station;
    if ("card" in subject && snapshot) {
      const reading = await readCard(subject.card, { issuer: snapshot.center.issuer, keys: snapshot.keys }, { purpose: EQUIPMENT });
      // A key that this tablet does not know may be newer than its snapshot: only the server can tell.
      if (!reading.ok && reading.problem !== "unknown_key") return this.unknown(text, input);
    }
    const piece = this.stock.piece("card" in subject ? { prefix: cardPrefix(subject.card) ?? undefined } : { code: subject.shortCode });
    const what = "card" in subject ? { card: subject.card, input } : { short_code: subject.shortCode, input };
    if (this.way === "tool.lend") return this.lendPiece(piece, piece ? { item: piece.id, input } : what);
    await this.record("tool.give_back", { ...(piece ? { item: piece.id, input } : what), outcome: this.outcome }, piece ? "ok_given_back" : "recorded", piece?.name ?? "札のある資機材");
  }

  private async lendPiece(piece: ToolPiece | undefined, what: Payload): Promise<void> {
    const team = this.chosen;
    if (!team) return this.ask("先に班を選んでください", "左の一覧から、目の前の班を押してから、札を読み取ります。");
    const lend = (): Promise<void> =>
      this.record("tool.lend", { ...what, team: team.id }, piece ? "ok_lent" : "recorded", `${piece?.name ?? "札のある資機材"} → ${team.name}`);
    const holder = piece ? this.stock.holder(piece) : "";
    if (piece && holder) {
      return this.ask(`${piece.name}は、${holder}に貸出中です`, "実物がここにあるなら、返却の記録がもれています。", "返却を記録して、貸す", async () => {
        await this.record("tool.give_back", { item: piece.id, outcome: "fine" }, "ok_given_back", piece.name);
        await lend();
      });
    }
    if (piece && piece.condition !== "fine") {
      const how = piece.condition === "broken" ? "こわれている" : "見つからない";
      return this.ask(`${piece.name}は「${how}」になっています`, "使えることを確かめてから貸してください。", "使えるので、貸す", lend);
    }
    await lend();
  }

  /** What stands on the screen at this press, once. */
  private async submit(): Promise<void> {
    const { chosen: team, way, counts: shown, outcome } = this;
    if (!team || this.operator.closed || this.submitting) return;
    this.submitting = true;
    this.panel.next();
    const counts = new Map(shown);
    try {
      for (const { code, label } of this.stock.tools.kinds) {
        const count = counts.get(code) ?? 0;
        if (!count) continue;
        const payload = { tool: code, count, team: team.id };
        if (way === "tool.lend") await this.record(way, payload, "ok_lent", `${label} ${count} → ${team.name}`);
        else await this.record(way, { ...payload, outcome }, "ok_given_back", `${label} ${count} ← ${team.name}`);
        shown.delete(code); // a press after a failure goes on here
      }
      part<HTMLSelectElement>(this.page, "outcome").value = "fine";
    } finally {
      this.submitting = false;
    }
    if (this.team === team.id) this.choose(team.id);
  }

  private async unknown(text: string, input: Input): Promise<void> {
    await this.record("scan.failed", failedScan(text, "no_such_tool", input), "no_such_tool", "");
  }

  private async undo(entry: Entry): Promise<void> {
    if (this.operator.closed) return;
    await this.put("visit.undo", undoOf(entry), undoVerdict(this.station.snapshot, entry));
  }

  private async record(kind: Kind, payload: Payload, code: string, what: string): Promise<void> {
    await this.put(kind, payload, { ...say(this.station.snapshot, code), ...(what ? { what } : {}) });
  }

  private async put(kind: Kind, payload: Payload, verdict: Verdict): Promise<void> {
    const { actor, badgeInUse: badge } = this.operator;
    try {
      const entry = await this.station.record(kind, payload, verdict, { actor, badge });
      this.entries = [...this.entries, entry];
      this.panel.show({ verdict, entry });
      this.sound.play(verdict.tone);
    } catch (error) {
      this.panel.show({ verdict: notWritten(error), entry: null });
      this.sound.play("stop");
      throw error;
    }
    this.recount();
  }

  /** Nothing is recorded yet: the operator looks, and may press. */
  private ask(title: string, words: string, label?: string, act?: () => Promise<void>): void {
    this.panel.show({ verdict: { ...say(null, "unreadable"), code: "ask", tone: "warn", title, say: words }, entry: null });
    this.sound.play("warn");
    if (!label || !act) return;
    const press = button("button button--primary t-verdict__other", label, () => {
      press.disabled = true; // once: the next tap would record it again
      void act();
    });
    this.panel.section.firstElementChild?.append(press);
  }

  // ── what is chosen ──────────────────────────────────────────────────────────────────────────

  /** What was typed to find a team; empty when all are wanted. */
  private get wanted(): string {
    return clean(part(this.page, "team-find").querySelector("input")?.value ?? "").replace(/班$/, "");
  }

  /** The teams whose number begins so, the very one first, or whose leader's name has it. */
  private found(): readonly ToolTeam[] {
    const { wanted } = this;
    const fits = ({ name, leader }: ToolTeam): boolean => name.startsWith(wanted) || clean(leader).includes(wanted);
    const found = this.stock.tools.teams.filter(fits);
    return [...found.filter((team) => teamNumber(team) === wanted), ...found.filter((team) => teamNumber(team) !== wanted)];
  }

  private get chosen(): ToolTeam | undefined {
    return this.stock.tools.teams.find(({ id }) => id === this.team);
  }

  private get outcome(): ToolOutcome {
    return part<HTMLSelectElement>(this.page, "outcome").value as ToolOutcome;
  }

  private turn(way: ToolKind): void {
    this.way = way;
    for (const press of this.page.querySelectorAll<HTMLElement>("[data-tool-way]")) {
      press.setAttribute("aria-pressed", String((press.dataset["toolWay"] === "back") === (way === "tool.give_back")));
    }
    if (this.team === null) this.draw();
    else this.choose(this.team);
  }

  private choose(team: number): void {
    this.team = team;
    part<HTMLFormElement>(this.page, "team-find").reset(); // the next team is looked for anew
    const { offer = {} } = this.chosen ?? {};
    const numbered = new Set(this.stock.tools.items.map(({ tool }) => tool));
    const toLend = ({ code }: { code: string }): [string, number] => {
      return [code, numbered.has(code) ? 0 : Math.max(0, (offer[code] ?? 0) - this.stock.has(team, code))];
    };
    this.counts = this.way === "tool.give_back" ? this.stock.givenBack(team, this.outcome) : new Map(this.stock.tools.kinds.map(toLend));
    this.draw();
  }

  // ── what comes back ─────────────────────────────────────────────────────────────────────────

  private settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const before = this.panel.saysOf(entry);
      if (!before) continue;
      const verdict = verdictOf(entry);
      this.panel.show({ verdict, entry });
      if (verdict.tone !== before.tone) this.sound.play(verdict.tone);
    }
    const answered = new Map(entries.map((entry) => [entry.op_id, entry]));
    this.entries = this.entries.map((entry) => answered.get(entry.op_id) ?? entry);
    this.recount();
    void this.station.freshen();
  }

  private async counted(ofToday: readonly Entry[]): Promise<void> {
    this.entries = ofToday;
    this.recount();
    await this.queue.letGoOfDecided();
  }

  private recount(): void {
    this.stock = new ToolStock(this.station.snapshot?.tools, this.entries);
    if (this.team !== null && !this.chosen) this.team = null;
    this.draw();
  }

  private async drawQueue(): Promise<void> {
    await Promise.all([this.queue.draw(), this.panel.follow(this.shelf)]);
  }

  private draw(): void {
    const { page, stock, chosen } = this;
    const { teams, kinds } = stock.tools;
    part(page, "teams-empty").hidden = teams.length > 0;
    const found = this.found();
    part(page, "team-find").hidden = teams.length <= FEW;
    part(page, "team-none").hidden = !teams.length || found.length > 0;
    part(page, "teams").replaceChildren(...found.map((team) => this.teamButton(team)));
    part(page, "tool-title").textContent = chosen ? `${chosen.name}（リーダー ${chosen.leader || "未定"}さん）${this.way === "tool.lend" ? "に貸す" : "から返る"}` : "班を選んでください";
    const rows = chosen ? kinds.filter(({ code }) => this.isShown(chosen, code)) : [];
    part(page, "tool-rows").replaceChildren(...rows.map(({ code, label }) => this.row(code, label)));
    const submit = part<HTMLButtonElement>(page, "tool-submit");
    submit.hidden = !chosen;
    submit.disabled = ![...this.counts.values()].some((count) => count > 0);
    submit.textContent = this.way === "tool.lend" ? "この数を貸し出す" : "この数を記録する";
    part(page, "outcome-box").hidden = this.way === "tool.lend";
  }

  private isShown(team: ToolTeam, tool: string): boolean {
    if (this.way === "tool.give_back") return this.stock.has(team.id, tool) > 0;
    return this.stock.left(tool) > 0 || (this.counts.get(tool) ?? 0) > 0;
  }

  private teamButton(team: ToolTeam): HTMLElement {
    const has = this.stock.tools.kinds.reduce((sum, { code }) => sum + this.stock.has(team.id, code), 0);
    const pieces = this.stock.tools.items.filter((piece) => this.stock.holder(piece) === team.name).length;
    const press = button("button t-team", "", () => this.choose(team.id));
    press.setAttribute("aria-pressed", String(team.id === this.team));
    press.dataset["team"] = String(team.id);
    press.append(element("b", "", team.name), ` ${team.leader}さん`, element("span", "t-team__has", has + pieces ? `貸出中 ${has + pieces}` : team.out ? "活動中" : "貸出なし"));
    return press;
  }

  private row(tool: string, label: string): HTMLElement {
    const count = this.counts.get(tool) ?? 0;
    const set = (next: number): void => {
      this.counts.set(tool, Math.min(MOST, Math.max(0, next)));
      this.draw();
    };
    const team = this.team ?? 0;
    const hint = this.way === "tool.lend" ? `残り ${this.stock.left(tool)}` : `貸した ${this.stock.has(team, tool)}`;
    const fewer = button("button t-tool__step", "−", () => set(count - 1));
    fewer.setAttribute("aria-label", `${label}を1つ減らす`);
    const more = button("button t-tool__step", "＋", () => set(count + 1));
    more.setAttribute("aria-label", `${label}を1つ増やす`);
    const row = element("li", "t-tool", element("span", "t-tool__name", label, element("small", "", hint)), fewer, element("output", "t-tool__count", String(count)), more);
    row.dataset["tool"] = tool;
    return row;
  }
}
