/* 挙手の窓口: a reader or the camera puts what it reads into the field and sends it. Without either, one types. */
import { wireCamera } from "./field/camera";
import { part } from "./field/elements";
import { listenToWedge } from "./field/wedge";
import { isNews } from "./hands/news";
import { keepReason } from "./hands/reason";

const page = document.querySelector<HTMLElement>("[data-hands]");
if (page) {
  const field = part<HTMLInputElement>(page, "hands-scan");
  let sent = false;
  const send = (text: string): void => {
    if (sent || !isNews(sessionStorage, text, Date.now())) return;
    sent = true; // the answer is a new page
    field.value = text;
    field.form?.submit();
  };
  keepReason(page, sessionStorage);
  listenToWedge(document, send);
  wireCamera(page, send);
}
