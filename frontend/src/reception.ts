/* The reception tablet's page. */
import "./fonts";
import "../css/app.css";
import "../css/tablet.css";
import { openReception } from "./field/reception";

void openReception(document.body);
