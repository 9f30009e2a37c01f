/*
 * A form that is filled in while somebody speaks, without the mouse. Enter goes to the next field and never sends;
 * Ctrl+Enter sends; arrows walk inside a group of ticks; a link with data-jump goes to the first field of its part, and
 * so does Alt with the part's number (the browser's own accesskey, or Alt+digit here where it has none).
 *
 *   <form data-by-keyboard>…<details data-open-unless="relation" data-usual="本人">…</details>…<button data-save>
 */
const FIELDS = "input:not([type=hidden]), select, textarea, button[data-save]";

export function wireByKeyboard(root: Document): void {
  root.addEventListener("keydown", (event) => {
    const at = event.target;
    if (!(at instanceof HTMLElement) || event.isComposing || event.defaultPrevented) return;
    const form = at.closest<HTMLFormElement>("form[data-by-keyboard]");
    if (!form) {
      if (event.altKey && jump(root, event.code)) event.preventDefault();
      return;
    }
    if (event.altKey && (jump(root, event.code) || pressed(form, event.key))) {
      event.preventDefault();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector<HTMLButtonElement>("button[data-save]"));
    } else if (event.key === "Enter" && goesOn(at)) {
      event.preventDefault();
      next(form, at)?.focus();
    } else if (at.matches("input[type=checkbox]") && walks(at as HTMLInputElement, event.key)) {
      event.preventDefault();
    }
  });
  root.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLSelectElement)) return;
    const form = field.closest("form[data-by-keyboard]");
    for (const more of form?.querySelectorAll<HTMLDetailsElement>(`details[data-open-unless="${field.name}"]`) ?? []) {
      if (field.value && field.value !== more.dataset["usual"]) more.open = true;
    }
  });
  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-jump]") : null;
    if (link && jumpTo(root, link.hash.slice(1))) event.preventDefault();
  });
}

/** Where Enter means "next": not in a text of several lines, not on a button or on what opens a part. */
function goesOn(element: HTMLElement): boolean {
  return element.matches("input:not([type=submit], [type=button]), select");
}

function next(form: HTMLFormElement, from: HTMLElement): HTMLElement | undefined {
  const group = nameOf(from);
  const fields = [...form.querySelectorAll<HTMLElement>(FIELDS)].filter(isOpen);
  return fields.slice(fields.indexOf(from) + 1).find((field) => group === "" || nameOf(field) !== group);
}

/** The name a group of ticks shares; empty for a field that stands alone. */
function nameOf(field: HTMLElement): string {
  return field.matches("input[type=checkbox], input[type=radio]") ? (field as HTMLInputElement).name : "";
}

function isOpen(field: HTMLElement): boolean {
  if ((field as HTMLInputElement).disabled) return false;
  for (let part = field.closest("details"); part; part = part.parentElement?.closest("details") ?? null) {
    if (!part.open) return false;
  }
  return true;
}

function walks(tick: HTMLInputElement, key: string): boolean {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key] ?? 0;
  if (!step || !tick.form) return false;
  const group = [...tick.form.querySelectorAll<HTMLInputElement>("input[type=checkbox]")].filter(
    (other) => other.name === tick.name,
  );
  if (group.length < 2) return false;
  group[group.indexOf(tick) + step]?.focus();
  return true;
}

/** The button with that accesskey, where the browser has not pressed it already or wants other keys for it. */
function pressed(form: HTMLFormElement, key: string): boolean {
  const button = [...form.querySelectorAll<HTMLButtonElement>("button[accesskey]")].find((each) => each.accessKey === key);
  button?.click();
  return button !== undefined;
}

function jump(root: Document, code: string): boolean {
  const number = /^Digit([1-9])$/.exec(code)?.[1];
  const link = number ? root.querySelectorAll<HTMLAnchorElement>("a[data-jump]")[Number(number) - 1] : undefined;
  return link !== undefined && jumpTo(root, link.hash.slice(1));
}

function jumpTo(root: Document, part: string): boolean {
  const place = root.getElementById(part);
  const first = [...(place?.querySelectorAll<HTMLElement>(FIELDS) ?? [])].find(isOpen);
  if (!first) return false;
  first.focus();
  place?.scrollIntoView({ block: "start" });
  return true;
}
