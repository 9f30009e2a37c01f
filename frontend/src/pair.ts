/* The page a tablet opens before it is a device. */
import "./fonts";
import "../css/app.css";
import "../css/tablet.css";
import { wirePairing } from "./field/pairing";
import { Shelf } from "./field/shelf";

void Shelf.open().then((shelf) => wirePairing(document.body, shelf));
