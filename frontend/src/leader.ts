/* The leader's page, opened on the leader's own phone from the work sheet's QR. */
import "./fonts";
import "../css/app.css";
import { startPolling } from "./board/poll";
import { wireOnce } from "./desk/once";
import { keepTyped } from "./leader/keep";
import { noticeLeaving } from "./leader/leaving";
import { wireQueue } from "./leader/queue";
import { hideInTheEnd, keepForLater, watchForNews } from "./leader/staying";

wireQueue(document);
wireOnce(document, { all: true });
// A recall must be seen on a page that is open already.
for (const element of document.querySelectorAll<HTMLElement>("[data-poll-url]")) {
  watchForNews(document, element);
  startPolling(element, { atOnce: true });
}
keepTyped(document, sessionStorage);
hideInTheEnd(document);
noticeLeaving(document);
// Without a signal there is no worker to be had; one that is there already has opened this page.
keepForLater(document).catch(() => undefined);
