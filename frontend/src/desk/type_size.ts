/**
 * 標準／大／特大 without loading the page again, so that nothing typed into a form is lost.
 * `<form class="type-size">` works alone (a cookie set by the server); this only saves the reload.
 */
export function wireTypeSize(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches(".type-size, [data-type-size-form]")) return;
    const chosen = (event as SubmitEvent).submitter;
    if (!(chosen instanceof HTMLButtonElement)) return;
    event.preventDefault();
    root.documentElement.dataset["typeSize"] = chosen.value;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === chosen));
    }
    const body = new FormData(form, chosen);
    void fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {
      // The size is already on screen; only remembering it failed.
    });
  });
}
