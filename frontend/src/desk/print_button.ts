/** `<button data-print>` opens the browser's print window. */
export function wirePrintButtons(root: Document): void {
  root.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
  });
}
