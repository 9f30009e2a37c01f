/* Every desk page: styles, htmx, and small behaviours that pages switch on with data-* attributes. */
import "./fonts";
import "../css/app.css";
import htmx from "htmx.org";
import { startPolling } from "./board/poll";
import { wireAutosave } from "./desk/autosave";
import { wireByKeyboard } from "./desk/by_keyboard";
import { wireAreaMaps } from "./desk/area_maps";
import { wireKeyIn } from "./desk/key_in";
import { wireOnce } from "./desk/once";
import { wirePinMaps } from "./desk/pin_maps";
import { wirePrintButtons } from "./desk/print_button";
import { wireReach } from "./desk/reach";
import { wireTypeSize } from "./desk/type_size";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

wireTypeSize(document);
wirePrintButtons(document);
wireReach(document);
wireOnce(document);
wireKeyIn(document);
wireByKeyboard(document);
wireAutosave(document);
wirePinMaps(document);
wireAreaMaps(document);
// 危機介入 is seen on every page of the desk, whatever it is about.
for (const element of document.querySelectorAll<HTMLElement>("[data-alerts]")) {
  element.dataset["pollUrl"] = element.dataset["alerts"] ?? "";
  startPolling(element, { atOnce: true });
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target instanceof HTMLElement) wirePinMaps(event.target);
});
