/* The eight letters under the symbol, typed when a card is torn. */
import { readShortCode } from "./card";
import { part } from "./elements";

export function wireTyped(page: HTMLElement, onCode: (code: string) => void, onWrong: (text: string) => void): void {
  const form = part<HTMLFormElement>(page, "typed");
  const field = form.querySelector("input")!;
  const wrong = part(page, "typed-say");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = readShortCode(field.value);
    wrong.textContent = code
      ? ""
      : "番号が合いません。カードの8文字をもう一度見て、入力してください（Oは0、IとLは1として読みます）。";
    if (!code) {
      if (field.value.trim()) onWrong(field.value);
      return;
    }
    field.value = "";
    onCode(code);
  });
}
