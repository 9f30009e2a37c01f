/* Every desk page: styles, htmx, and small behaviours that pages switch on with data-* attributes. */
import "./fonts";
import "../css/app.css";
import htmx from "htmx.org";
import { wireKeyIn } from "./desk/key_in";
import { wireOnce } from "./desk/once";
import { wirePinMaps } from "./desk/pin_maps";
import { wirePrintButtons } from "./desk/print_button";
import { wireTypeSize } from "./desk/type_size";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

wireTypeSize(document);
wirePrintButtons(document);
wireOnce(document);
wireKeyIn(document);
wirePinMaps(document);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target instanceof HTMLElement) wirePinMaps(event.target);
});
