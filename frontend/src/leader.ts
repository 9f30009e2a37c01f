/* The leader's page, opened on the leader's own phone from the work sheet's QR. */
import "./fonts";
import "../css/app.css";
import { startPolling } from "./board/poll";
import { wireOnce } from "./desk/once";
import { keepTyped } from "./leader/keep";
import { wireQueue } from "./leader/queue";

wireQueue(document);
wireOnce(document, { all: true });
// A recall must be seen on a page that is open already.
for (const element of document.querySelectorAll<HTMLElement>("[data-poll-url]")) startPolling(element, { atOnce: true });
keepTyped(document, sessionStorage);
