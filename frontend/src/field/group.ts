/* A group comes or goes in one tap: all members ticked, whoever is missing unticked, and how many more there are. */
import { GROUP, cardFace, readCard, type CardProblem } from "./card";
import { button, element, part } from "./elements";
import type { Group, GroupPayload, Kind, Snapshot, Tone, Verdict } from "./protocol";
import { say } from "./snapshot";

// A key that this tablet does not know may be newer than its snapshot: only fresh data can tell.
const PROBLEM_CODES: Record<CardProblem, string> = {
  unreadable: "unreadable",
  foreign: "foreign_card",
  unknown_key: "unverified_sheet",
  forged: "forged_card",
  wrong_purpose: "unreadable",
};

/** Which way a group goes. Its form keeps the way it was opened with: what its button says is what is recorded. */
export type GroupWay = "visit.arrive" | "visit.leave";

export function groupWay(kind: Kind): GroupWay | undefined {
  return kind === "visit.arrive" || kind === "visit.leave" ? kind : undefined;
}

/** The group of that person in the snapshot. */
export function groupOf(snapshot: Snapshot | null, volunteer: number | null): Group | undefined {
  if (volunteer === null) return undefined;
  return snapshot?.groups?.find(({ members }) => members.some(([id]) => id === volunteer));
}

/** Whether a text says that it is a group's sheet. Nothing is verified. */
export function isSheet(text: string): boolean {
  return cardFace(text)?.purpose === GROUP;
}

/** The group a sheet stands for, or the verdict why not. */
export async function groupOfSheet(snapshot: Snapshot | null, text: string): Promise<Group | Verdict> {
  if (!snapshot) return say(snapshot, "unknown_group");
  const reading = await readCard(text, { issuer: snapshot.center.issuer, keys: snapshot.keys }, { purpose: GROUP });
  if (!reading.ok) return say(snapshot, PROBLEM_CODES[reading.problem]);
  return snapshot.groups?.find(({ sheet }) => sheet === reading.token.prefix) ?? say(snapshot, "unknown_group");
}

/** The section [data-group]; `done` gets who came or went, and which of the two. */
export class GroupForm {
  private readonly section: HTMLElement;
  /** How many people without a name the server believes at once. */
  private readonly most: number;
  private group: Group | null = null;
  private way_: GroupWay = "visit.arrive";
  private card: string | undefined;
  private missing = new Set<number>();
  /** Not on the group's list, by their own card. */
  private added: Group["members"][number][] = [];
  private extra = 0;

  constructor(
    page: HTMLElement,
    private readonly presence: { has(volunteer: number): boolean; wentHome(volunteer: number): boolean },
    private readonly done: (group: Group, told: GroupPayload, way: GroupWay) => void,
    private readonly closed: () => void,
  ) {
    this.section = part(page, "group");
    this.most = Number(page.dataset["mostNameless"] ?? Infinity);
    part(page, "group-close").addEventListener("click", () => this.close());
    for (const step of this.section.querySelectorAll<HTMLElement>("[data-group-step]")) {
      step.addEventListener("click", () => this.count(Number(step.dataset["groupStep"])));
    }
    part(page, "group-done").addEventListener("click", () => {
      const { group, card } = this;
      if (!group) return;
      const members = this.people(group).map(([id]) => id).filter((id) => !this.missing.has(id));
      this.close();
      this.done(group, { group: group.id, members, extra: this.extra, ...(card === undefined ? {} : { card }) }, this.way);
    });
  }

  get isOpen(): boolean {
    return !this.section.hidden;
  }

  get way(): GroupWay {
    return this.way_;
  }

  /** Whether this group is being ticked off, that way. */
  isAbout(group: Group, way: GroupWay): boolean {
    return this.isOpen && this.group?.id === group.id && this.way === way;
  }

  open(group: Group, way: GroupWay, card?: string): void {
    this.group = group;
    this.way_ = way;
    this.card = card;
    this.missing = this.notMeant(group, way);
    this.extra = 0;
    this.added = [];
    this.say("", "ok");
    part(this.section, "group-title").textContent = `${group.name}：${way === "visit.leave" ? "団体の帰り" : "団体の受付"}`;
    part(this.section, "group-list").replaceChildren(...group.members.map(([id, name, kana]) => this.row(id, name, kana)));
    this.section.hidden = false;
    this.draw();
    this.section.scrollIntoView({ block: "nearest" });
  }

  /** A card that was read while the form is open: that person is here with the group. */
  add(member: Group["members"][number]): void {
    const { group } = this;
    if (!group) return;
    const [id, name, kana] = member;
    let less = "";
    if (this.people(group).some(([known]) => known === id)) {
      this.missing.delete(id);
      const tick = this.section.querySelector<HTMLInputElement>(`[data-member="${id}"]`);
      if (tick) tick.checked = true;
    } else {
      this.added.push(member);
      if (this.extra > 0) {
        this.extra -= 1; // counted among those without a name a moment ago
        less = `名簿にない人を1人減らして、${this.extra}人にしました。`;
      }
      part(this.section, "group-list").append(this.row(id, name, kana));
    }
    this.say(`${name} さんを入れました。${less}`, "ok");
    this.draw();
  }

  /** What became of something else that was read while the form hides the panel. */
  say(text: string, tone: Tone): void {
    const line = part(this.section, "group-say");
    line.textContent = text;
    line.dataset["tone"] = tone;
  }

  close(): void {
    this.section.hidden = true;
    this.closed();
  }

  /** Whom 「みんな」 does not mean: who went home already, and, of those who leave, who is not known to have come. */
  private notMeant({ members }: Group, way: GroupWay): Set<number> {
    const ids = members.map(([id]) => id);
    const someHere = ids.some((id) => this.presence.has(id));
    const not = (id: number): boolean => this.presence.wentHome(id) || (way === "visit.leave" && someHere && !this.presence.has(id));
    return new Set(ids.filter(not));
  }

  private people(group: Group): Group["members"] {
    return [...group.members, ...this.added];
  }

  private count(step: number): void {
    this.extra = Math.min(this.most, Math.max(0, this.extra + step));
    this.draw();
  }

  private row(id: number, name: string, kana: string): HTMLElement {
    const tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = !this.missing.has(id);
    tick.dataset["member"] = String(id);
    tick.addEventListener("change", () => {
      if (tick.checked) this.missing.delete(id);
      else this.missing.add(id);
      this.draw();
    });
    const leads = this.group?.leader === id ? "（代表）" : "";
    const words = element("span", "t-group__name", element("span", "t-found__kana", kana), `${name}${leads}`);
    if (!tick.checked) words.append(element("span", "t-group__why", this.presence.wentHome(id) ? "帰りました" : "来ていません"));
    return element("li", "", element("label", "choice t-group__member", tick, words));
  }

  private draw(): void {
    const here = (this.group ? this.people(this.group).length : 0) - this.missing.size;
    part(this.section, "group-extra").textContent = String(this.extra);
    const done = part<HTMLButtonElement>(this.section, "group-done");
    const who = here + this.extra ? `${here + this.extra}人` : "";
    // A group may go home of which nobody's name is known; nobody comes without being counted.
    if (this.way === "visit.leave") done.textContent = `${who || "団体"}の帰りを記録する`;
    else done.textContent = who ? `${who}を受付する` : "来た人に印をつけてください";
    done.disabled = this.way === "visit.arrive" && !who;
  }
}

/** What the screen says at once. */
export function groupVerdict(snapshot: Snapshot | null, group: Group, told: GroupPayload, way: GroupWay): Verdict {
  const said = say(snapshot, way === "visit.leave" ? "group_left" : "group_arrived");
  const who = [told.members.length ? `${told.members.length}人` : "", told.extra ? `名簿にない人${told.extra}人` : ""].filter(Boolean).join("、");
  return { ...said, say: `${group.name}：${who ? `${who}。` : ""}${said.say}` };
}

/** 「団体で受付」 on the panel of one of its members. */
export function groupButton(group: Group, way: GroupWay, press: () => void): HTMLElement {
  const what = way === "visit.leave" ? "団体で帰り" : "団体で受付";
  return button("button t-offers__button", `${what}（${group.name} ${group.members.length}人）`, press);
}
