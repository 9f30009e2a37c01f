/* The list of today's visits: fetched for whoever works at the tablet, kept until midnight. */
import { button, clockTime, element, part } from "./elements";
import { localDay } from "./facts";
import type { Device, Snapshot } from "./protocol";
import type { Entry } from "./shelf";
import type { Day, Draft, StoredDay, SurveyShelf, Visit } from "./survey_shelf";

const TIMEOUT_MS = 20_000;
const STATES: Record<string, readonly [string, string]> = {
  booked: ["survey", "これから"],
  draft: ["warn", "書きかけ"],
  done: ["done", "済み"],
  absent: ["warn", "不在"],
};

export class SurveyDay {
  private stored: StoredDay | null = null;
  private said = "";
  private freshAt: Date | null = null;
  private drawnOthers = "";

  constructor(
    private readonly page: HTMLElement,
    private readonly shelf: SurveyShelf,
    private readonly acts: { readonly open: (visit: Visit) => void; readonly drop: (appointment: number) => void },
  ) {}

  /** What the file of records needs of a snapshot. */
  get forQueueFile(): Pick<Snapshot, "queue_key"> & { center: Day["center"] } | null {
    const { stored } = this;
    return stored && { queue_key: stored.content.queue_key, center: stored.content.center };
  }

  /** Whether the server answered. */
  async freshen(device: Device, actor: number | null, operation: number): Promise<boolean> {
    const today = localDay(new Date());
    this.stored = await this.shelf.day(operation, actor, today);
    if (actor === null) return false;
    try {
      const response = await fetch(`${this.page.dataset["dayUrl"] ?? ""}&actor=${actor}`, {
        headers: {
          Authorization: `Device ${device.device_id}.${device.secret}`,
          ...(this.stored ? { "If-None-Match": this.stored.etag } : {}),
        },
        credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status === 304) {
        this.freshAt = new Date();
        return true;
      }
      const answer = (await response.json()) as Day & { text?: string };
      this.said = response.status === 403 ? (answer.text ?? "") : "";
      if (response.status !== 200) return false;
      this.stored = { operation, actor, on: today, etag: response.headers.get("ETag") ?? "", content: answer };
      await this.shelf.keepDay(this.stored);
      this.freshAt = new Date();
      return true;
    } catch {
      return false; // no network: what was fetched before is better than nothing
    }
  }

  async draw(actor: number | null, operation: number, entries: readonly Entry[], drafts: readonly Draft[]): Promise<void> {
    this.stored = await this.shelf.day(operation, actor, localDay(new Date()));
    const content = this.stored?.content;
    const { page } = this;
    part(page, "day-round").textContent = (content?.rounds ?? [])
      .map(({ number, people, car, starts }) => `調査${number}班　${people.join("・")}　${car}　${starts} 出発`)
      .join("／");
    part(page, "day-fresh").textContent = this.freshAt ? `${clockTime(this.freshAt)} のデータ` : "";
    const say = part(page, "day-say");
    say.textContent = this.said || sentence(actor, content);
    say.hidden = !say.textContent;
    const visits = content?.visits ?? [];
    part(page, "visits").replaceChildren(...visits.map((visit) => this.line(visit, stateOf(visit, entries, drafts))));
    this.drawOthers(drafts.filter((draft) => draft.operation === operation && !visits.some(({ appointment }) => appointment === draft.appointment)));
  }

  /** Sheets of another day or another surveyor: nobody's list has them, and they must not lie here unseen. */
  private drawOthers(drafts: readonly Draft[]): void {
    const drawn = JSON.stringify(drafts.map(({ appointment, written }) => [appointment, written]));
    if (drawn === this.drawnOthers) return; // what somebody opened in it stays open
    this.drawnOthers = drawn;
    part(this.page, "other-drafts-box").hidden = drafts.length === 0;
    part(this.page, "other-drafts").replaceChildren(
      ...drafts.map((draft) => {
        const { number, appointment, photos, written } = draft;
        const when = new Date(written);
        const words = [`${when.getMonth() + 1}月${when.getDate()}日 ${clockTime(when)} に書いたもの`, photos.length ? `写真 ${photos.length}枚` : ""];
        const text = element("div", "s-visit__text", element("p", "s-visit__title", `N${number}`), element("p", "", words.filter(Boolean).join("　")));
        const unwanted = element("details", "more", element("summary", "", "要らないとき"));
        unwanted.append(button("button button--danger", "この調査票と写真を消す", () => this.acts.drop(appointment)));
        const go = button("button button--primary s-visit__open", "続きを書く", () => this.acts.open(visitOf(draft)));
        const row = element("li", "s-visit", text, element("div", "s-visit__acts", go), unwanted);
        row.dataset["appointment"] = String(appointment);
        return row;
      }),
    );
  }

  private line(visit: Visit, state: string): HTMLElement {
    const [chip, word] = STATES[state] ?? ["plain", ""];
    const title = element("p", "s-visit__title", `${visit.window}　N${visit.number}　${visit.name || "お名前は未確認"}`);
    if (visit.crisis) title.append(" ", element("span", "chip chip--stop", "危機介入"));
    const where = [
      visit.town, visit.landmark, visit.road === null ? "" : `移動 ${visit.road}分`,
      visit.misses && state === "booked" ? `前に不在 ${visit.misses}回` : "",
    ];
    const press = button("button button--primary s-visit__open", state === "draft" ? "続きを書く" : "開く", () => this.acts.open(visit));
    const mark = element("span", `chip chip--${chip}`, word);
    const text = element("div", "s-visit__text", title, element("p", "", where.filter(Boolean).join("　")), element("p", "", visit.summary));
    if (visit.note) text.append(element("p", "s-visit__note", visit.note));
    const row = element("li", "s-visit", text, element("div", "s-visit__acts", mark, press));
    row.dataset["appointment"] = String(visit.appointment);
    row.dataset["state"] = state;
    return row;
  }
}

/**
 * What this tablet knows is newer than what the server told; above all what lies here half written, also of a house whose
 * sheet somebody has keyed in from paper meanwhile: nobody would look for it behind 「済み」.
 */
function stateOf(visit: Visit, entries: readonly Entry[], drafts: readonly Draft[]): string {
  const told = entries.filter(({ op }) => op.payload.appointment === visit.appointment);
  const draft = drafts.find(({ appointment }) => appointment === visit.appointment);
  if (draft && !told.some(({ op }) => op.op_id === draft.op_id)) return "draft";
  if (told.some(({ op }) => op.kind === "survey.done") || visit.state === "done") return "done";
  return told.length || visit.state === "absent" ? "absent" : "booked";
}

/** What a draft itself knows of its house. */
function visitOf({ appointment, need, number }: Draft): Visit {
  return {
    appointment, need, number, state: "booked", window: "", note: "", road: null, misses: 0, name: "", kana: "", phones: [], town: "", address: "",
    landmark: "", map: "", summary: "", description: "", parking: "", attendance: "", crisis: false, hazards: [], damage_kinds: [], lifelines: [],
  };
}

function sentence(actor: number | null, content: Day | undefined): string {
  if (actor === null) return "担当者が決まっていません。「担当をかえる」を押して、職員証を読み取ってください。";
  if (!content) return "今日の調査先を、まだ受け取っていません。つながるところで「送信」を押してください。";
  return content.visits.length ? "" : "今日、この担当の調査はありません。センターの「現地調査」の画面で班と約束を確かめてください。";
}
