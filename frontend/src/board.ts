/* Wall screen and tablet board. */
import "../css/wall.css";
import { startPolling } from "./board/poll";

for (const element of document.querySelectorAll<HTMLElement>("[data-poll-url]:not([data-alerts])")) startPolling(element);
