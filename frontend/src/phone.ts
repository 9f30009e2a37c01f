/* The pages on a volunteer's own phone: check-in and briefing. Nothing that is typed is kept on it. */
import "./fonts";
import "../css/app.css";
import "../css/phone.css";
import { wireOnce } from "./desk/once";
import { wireReach } from "./desk/reach";

wireReach(document);
wireOnce(document, { all: true });
