/*
 * A leader taps 着きました and, before the answer is here, 報告する. The answer's own page must not take that tap away: what
 * was tapped last is where the page goes.
 */

const PATIENCE_MS = 10_000;

/** Call it last of all listeners of `click`: a link that opens something within the page does not leave it. */
export function noticeLeaving(root: Document): void {
  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
    if (!link || event.defaultPrevented || !isOurs(link)) return;
    root.documentElement.dataset["leaving"] = "yes";
    setTimeout(() => delete root.documentElement.dataset["leaving"], PATIENCE_MS); // the page did not come, or opened elsewhere
  });
}

/** A call or a map leaves the page where it is. */
function isOurs(link: HTMLAnchorElement): boolean {
  return link.origin === location.origin && link.target !== "_blank";
}

export function isLeaving(root: Document): boolean {
  return root.documentElement.dataset["leaving"] === "yes";
}
