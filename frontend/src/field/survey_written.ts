/* What this tablet recorded of its surveys: how far each has come, and what a person still has to look at. */
import { button, clockTime, element, icon, part } from "./elements";
import { stateMark, verdictOf } from "./panel";
import type { Entry } from "./shelf";
import type { StoredPhoto } from "./survey_shelf";

const WORDS: Record<string, string> = { "survey.done": "調査", "survey.absent": "不在" };

/** Draw into the page; `seen`: somebody has read what is said of that record. */
export function drawWritten(page: HTMLElement, entries: readonly Entry[], seen: (opId: string) => void): void {
  part(page, "written-empty").hidden = entries.length > 0;
  part(page, "written").replaceChildren(...entries.map((entry) => row(entry, seen)));
}

/** Photos the center does not take: its sentence stays until somebody has read it. */
export function drawRefusedPhotos(page: HTMLElement, photos: readonly StoredPhoto[], seen: (sent: string) => void): void {
  part(page, "refused-photos").replaceChildren(
    ...photos.map(({ sent, problem }) => {
      const said = element("p", "s-visit__title", icon("stop"), "写真1枚を、センターは受け取りませんでした");
      return element("li", "s-visit", element("div", "s-visit__text", said, element("p", "", problem)), button("button", "確認した（写真を消す）", () => seen(sent)));
    }),
  );
}

function row(entry: Entry, seen: (opId: string) => void): HTMLElement {
  const verdict = verdictOf(entry);
  const what = `${clockTime(new Date(entry.op.t_wall))}　${WORDS[entry.op.kind] ?? ""}　${entry.verdict.name}`;
  const said = element("p", "s-visit__title", icon(verdict.tone), entry.result ? verdict.title : entry.verdict.title);
  const made = element("li", "s-visit", element("div", "s-visit__text", element("p", "", what), said), element("div", "s-visit__acts", stateMark(entry.state)));
  made.dataset["opId"] = entry.op_id;
  made.dataset["state"] = entry.state;
  if (entry.look) {
    made.append(element("p", "s-visit__note", verdict.say), button("button", "確認した", () => seen(entry.op_id)));
  }
  return made;
}
