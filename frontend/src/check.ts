/* この端末でできること: tries everything on this device and says it in words. */
import { findAbilities, MARKS, type Ability } from "./field/abilities";
import { element, part } from "./field/elements";
import { clean } from "./field/text";
import { listenToWedge } from "./field/wedge";

const page = document.querySelector<HTMLElement>("[data-check]");
if (page) {
  void run(page);
  listenToWedge(document, (text) => {
    part(page, "check-reader").textContent = `○ 読めました（${clean(text).length}文字）。バーコードリーダーは使えます。`;
  });
}

async function run(root: HTMLElement): Promise<void> {
  const found = await findAbilities();
  part(root, "check-list").replaceChildren(...found.map(row));
  const { tone, title, say } = verdict(new Map(found.map((each) => [each.key, each.state !== "no"])));
  part(root, "check-verdict").classList.add(`verdict--${tone}`);
  part(root, "check-title").textContent = title;
  part(root, "check-say").textContent = say;
  root.dataset["done"] = tone;
}

function row({ key, label, state, say }: Ability): HTMLElement {
  const made = element(
    "li",
    `list__row ability ability--${state}`,
    element("span", "ability__mark", MARKS[state]),
    element("span", "ability__what", element("b", "", label), element("span", "muted", say)),
  );
  made.dataset["ability"] = key;
  made.dataset["state"] = state;
  return made;
}

function verdict(can: ReadonlyMap<Ability["key"], boolean>): { tone: "ok" | "warn" | "stop"; title: string; say: string } {
  if (!can.get("keep")) {
    return { tone: "stop", title: "この端末は受付に使えません", say: "別の端末を使うか、プライベートブラウズをやめて開き直してください。" };
  }
  if (can.get("camera") && can.get("reopen") && can.get("decoder")) {
    return { tone: "ok", title: "この端末は、すべてのことに使えます", say: "カメラでも、バーコードリーダーでも受付できます。電波が切れても続けられます。" };
  }
  if (can.get("reopen")) {
    return { tone: "warn", title: "バーコードリーダーと番号の入力で受付できます", say: "この端末では、カメラは使えません。電波が切れても続けられます。" };
  }
  return { tone: "warn", title: "バーコードリーダーと番号の入力で受付できます", say: "カメラは使えません。電波が切れたら、画面を閉じずに続けてください。" };
}

