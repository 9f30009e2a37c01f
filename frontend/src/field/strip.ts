/* The last five names beside the verdict: two cards in one moment are both seen here. */
import { element, icon } from "./elements";
import { nameOf, verdictOf } from "./panel";
import type { Entry } from "./shelf";

const NAMES = 5;
const OF_A_SCAN = new Set(["visit.arrive", "visit.leave", "person.walk_in", "group.arrive", "group.leave", "tool.lend", "tool.give_back"]);

/** Draw into `list`; `newest` first. The one on the panel is left to the panel. */
export function drawStrip(list: HTMLElement, newest: readonly Entry[]): void {
  const scans = newest.filter((entry) => OF_A_SCAN.has(entry.op.kind)).slice(0, NAMES);
  list.hidden = scans.length === 0;
  list.replaceChildren(
    ...scans.map((entry) => {
      const verdict = verdictOf(entry);
      const item = element("li", `t-strip__item t-strip__item--${verdict.tone}`, icon(verdict.tone), nameOf(entry));
      item.append(element("span", "visually-hidden", `：${verdict.title}`));
      return item;
    }),
  );
}
