/* The eight letters under the symbol, typed when a card is torn; or a name, when it was left at home. */
import { readShortCode } from "./card";
import { part } from "./elements";
import { looksLikeName } from "./names";

const WRONG_CODE = "番号が合いません。カードの8文字をもう一度見て、入力してください（Oは0、IとLは1として読みます）。";
const NOTHING = "カードの番号8文字か、名前を入力してください。";
// Codes have figures in them, names have none.
const LATIN_NAME = "（名前は、ひらがな・カタカナ・漢字で入力してください）";

export interface Typed {
  readonly code: (code: string) => void;
  readonly name: (text: string) => void;
  readonly wrong: (text: string) => void;
}

export function wireTyped(page: HTMLElement, on: Typed): void {
  const form = part<HTMLFormElement>(page, "typed");
  const field = form.querySelector("input")!;
  const wrong = part(page, "typed-say");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = readShortCode(field.value);
    if (!code && looksLikeName(field.value)) {
      wrong.textContent = "";
      on.name(field.value.trim());
      field.value = "";
      return;
    }
    if (!field.value.trim()) {
      wrong.textContent = NOTHING;
      return;
    }
    wrong.textContent = code ? "" : WRONG_CODE + (/\d/.test(field.value) ? "" : LATIN_NAME);
    if (!code) {
      on.wrong(field.value);
      return;
    }
    field.value = "";
    on.code(code);
  });
}
