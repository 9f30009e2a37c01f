/*
 * Typing a paper sheet without the mouse: Enter goes to the next field, from the last field to the next line; a line
 * is sent when it is left. What could not be sent stays in its fields and says so.
 *
 *   <div data-key-in><form data-key-row hx-post=…><input>…</form>…</div>
 */
export function wireKeyIn(root: Document): void {
  root.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.isComposing || !(field instanceof HTMLInputElement)) return;
    const row = rowOf(field);
    if (!row) return;
    event.preventDefault();
    const fields = inputs(row);
    const next = fields[fields.indexOf(field) + 1] ?? inputs(rowAfter(row))[0];
    if (next) {
      next.focus();
      next.select();
    } else {
      send(row);
    }
  });
  root.addEventListener("input", (event) => {
    const row = event.target instanceof Element ? rowOf(event.target) : null;
    if (row) row.dataset["typed"] = "yes";
  });
  root.addEventListener("focusout", (event) => {
    const row = event.target instanceof Element ? rowOf(event.target) : null;
    const to = event.relatedTarget;
    if (!row || (to instanceof Node && row.contains(to))) return;
    send(row);
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    root.addEventListener(failure, (event) => {
      const row = event.target instanceof Element ? rowOf(event.target) : null;
      if (!row) return;
      row.dataset["typed"] = "yes";
      row.classList.add("key-row--unsaved");
      const echo = row.querySelector<HTMLElement>(".key-row__say");
      if (echo) echo.textContent = "⚠ まだ保存できていません。この行で、もう一度Enterを押してください。";
    });
  }
}

function rowOf(element: Element): HTMLFormElement | null {
  return element.closest<HTMLFormElement>("[data-key-row]");
}

function inputs(row: Element | null): HTMLInputElement[] {
  return row ? [...row.querySelectorAll<HTMLInputElement>("input:not([type=hidden])")] : [];
}

function rowAfter(row: HTMLFormElement): Element | null {
  return row.nextElementSibling?.matches("[data-key-row]") ? row.nextElementSibling : null;
}

/** Only what was typed since the last time; the same line sent twice would change nothing anyway. */
function send(row: HTMLFormElement): void {
  if (row.dataset["typed"] !== "yes") return;
  delete row.dataset["typed"];
  row.requestSubmit();
}
