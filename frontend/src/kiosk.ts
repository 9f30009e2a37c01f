/* The kiosk's page. */
import "./fonts";
import "../css/app.css";
import "../css/kiosk.css";
import { openKiosk } from "./field/kiosk";

if (document.body.dataset["staff"] !== "yes") void openKiosk(document.body);
