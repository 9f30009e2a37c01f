/* The survey tablet's page. */
import "./fonts";
import "../css/app.css";
import "../css/tablet.css";
import "../css/survey.css";
import { openSurvey } from "./field/survey";

void openSurvey(document.body);
