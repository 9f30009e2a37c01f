const WAITING = "送っています…";

/**
 * A form cannot be sent twice by a second tap. Forms with `data-once`, or all when `all` is set.
 * The page coming back from the browser's history is usable again.
 */
export function wireOnce(root: Document, { all = false }: { all?: boolean } = {}): void {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    if (!all && !form.hasAttribute("data-once")) return;
    if (form.dataset["sent"] === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset["sent"] = "yes";
    form.dataset["sentAt"] = String(Date.now());
    const pressed = (event as SubmitEvent).submitter;
    // After this turn: a disabled button's own name and value would not be sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll<HTMLButtonElement>("button")) button.disabled = true;
      if (pressed instanceof HTMLButtonElement) {
        pressed.dataset["label"] = pressed.textContent ?? "";
        pressed.textContent = WAITING;
      }
    });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of root.querySelectorAll<HTMLFormElement>('form[data-sent="yes"]')) release(form);
  });
}

function release(form: HTMLFormElement): void {
  delete form.dataset["sent"];
  delete form.dataset["sentAt"];
  for (const button of form.querySelectorAll<HTMLButtonElement>("button")) {
    button.disabled = false;
    if (button.dataset["label"] !== undefined) button.textContent = button.dataset["label"];
  }
}
