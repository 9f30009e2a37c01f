/* Between the sheet on the screen and what is kept of it: field → text, texts, or a tick. */
import type { Filled } from "./protocol";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What is filled in; empty fields are left out. */
export function readForm(form: HTMLFormElement): Filled {
  const filled: Record<string, string | string[] | boolean> = {};
  for (const field of fieldsOf(form)) {
    const { name } = field;
    if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
      if (!field.checked) continue;
      if (field.type === "radio") filled[name] = field.value;
      else if (!field.hasAttribute("value") || field.value === "on") filled[name] = true;
      else filled[name] = [...((filled[name] as string[] | undefined) ?? []), field.value];
    } else if (field.value.trim()) filled[name] = field.value.trim();
  }
  return filled;
}

/** Fill the sheet from what was kept; every other field is emptied. */
export function writeForm(form: HTMLFormElement, filled: Filled): void {
  form.reset();
  for (const field of fieldsOf(form)) {
    const value = filled[field.name];
    if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
      field.checked = value === true || value === field.value || (Array.isArray(value) && value.includes(field.value));
    } else field.value = typeof value === "string" ? value : "";
  }
  // An estimate that was begun is not hidden.
  for (const more of form.querySelectorAll("details")) {
    more.open = [...more.querySelectorAll<Field>("input, select, textarea")].some(({ name }) => filled[name] !== undefined);
  }
}

/** What still has to be said before a sheet can be finished, or "". */
export function missingIn(filled: Filled): string {
  if (Object.keys(filled).length === 0) return "まだ何も書かれていません。見たことを書いてから、もう一度押してください。";
  if (!filled["entry"]) return "「ボランティアが入ってよいですか」を選んでください。";
  for (const n of [1, 2, 3]) {
    const begun = filled[`e${n}-people`] ?? filled[`e${n}-minutes`] ?? filled[`e${n}-detail`] ?? filled[`e${n}-visits`];
    if (begun && !filled[`e${n}-category`]) return "見立ての「何をするか」を選んでください。";
    if (filled[`e${n}-category`] && !filled[`e${n}-reason`]) return "「そう見立てた理由」を書いてください。人数に正解はありません。";
  }
  return "";
}

function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>("input[name], textarea[name], select[name]")].filter(
    (field) => !(field instanceof HTMLInputElement && field.type === "file"),
  );
}
