/* The leader's page, opened on the leader's own phone from the work sheet's QR. */
import "./fonts";
import "../css/app.css";
import { wireOnce } from "./desk/once";
import { keepTyped } from "./leader/keep";
import { wireQueue } from "./leader/queue";

wireQueue(document);
wireOnce(document, { all: true });
keepTyped(document, sessionStorage);
