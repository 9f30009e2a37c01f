/* The tool desk's page. */
import "./fonts";
import "../css/app.css";
import "../css/tablet.css";
import { openToolDesk } from "./field/tools";

void openToolDesk(document.body);
