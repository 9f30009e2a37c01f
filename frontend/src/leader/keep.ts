const MARK = "typed:";

/**
 * What was typed into a report stays in this tab until the server has it: a lost signal, a refused form or a
 * closed page does not cost the words. `sessionStorage` ends with the tab, so nothing stays on a borrowed phone.
 *
 * Forms: `<form data-keep="report">`, or every post form of the page when none is marked. The page that follows a
 * successful report holds an element with `data-confirmed` (its value names the form; empty: all of them).
 */
export function keepTyped(root: Document, storage: Storage): void {
  for (const done of root.querySelectorAll<HTMLElement>("[data-confirmed]")) forget(storage, done.dataset["confirmed"] ?? "");
  const marked = [...root.querySelectorAll<HTMLFormElement>("form[data-keep]")];
  const forms = marked.length ? marked : [...root.querySelectorAll<HTMLFormElement>('form[method="post" i]')];
  for (const form of forms) {
    const key = MARK + (form.dataset["keep"] || location.pathname);
    fill(form, storage.getItem(key));
    form.addEventListener("input", () => {
      const typed = Object.fromEntries(fields(form).map((field) => [field.name, valueOf(field)]));
      storage.setItem(key, JSON.stringify(typed));
    });
  }
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
const KEPT = "textarea[name], select[name], input[name]:not([type=hidden], [type=file], [type=password], [type=radio], [type=checkbox], [type=submit])";

function fields(form: HTMLFormElement): Field[] {
  return [...form.querySelectorAll<Field>(KEPT)];
}

function valueOf(field: Field): string {
  return field.value;
}

function fill(form: HTMLFormElement, stored: string | null): void {
  if (!stored) return;
  const typed = JSON.parse(stored) as Record<string, string>;
  for (const field of fields(form)) {
    const value = typed[field.name];
    // A form that came back with errors already holds what was sent.
    if (value && (field instanceof HTMLSelectElement || !field.value)) field.value = value;
  }
}

function forget(storage: Storage, name: string): void {
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
  for (const key of keys) {
    if (key.startsWith(MARK) && (name === "" || key === MARK + name)) storage.removeItem(key);
  }
}
