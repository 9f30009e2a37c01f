const KEY = "hands-reason";

interface Kept {
  need: string;
  text: string;
  typing: boolean;
}

/**
 * The reason somebody is typing outlives the new page that every scan answers with, also with the cursor in it. It is
 * forgotten with the decision, and at another need.
 */
export function keepReason(page: HTMLElement, store: Storage): void {
  const field = page.querySelector<HTMLInputElement>("input[name=reason]");
  const need = page.querySelector<HTMLInputElement>("input[name=need]")?.value ?? "";
  const kept = read(store);
  if (kept && (field || kept.need !== need)) store.removeItem(KEY);
  if (field && kept?.need === need) {
    field.value = kept.text;
    if (kept.typing) field.focus();
  }
  // A reader that was meant for the next slip ends with Enter, which would decide this team.
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });
  let decided = false;
  field?.form?.addEventListener("submit", () => (decided = true));
  window.addEventListener("pagehide", () => {
    if (!field?.isConnected || decided || !field.value) return;
    store.setItem(KEY, JSON.stringify({ need, text: field.value, typing: document.activeElement === field }));
  });
}

function read(store: Storage): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? "null");
    if (kept && typeof kept === "object" && "need" in kept && "text" in kept && "typing" in kept) return kept as Kept;
  } catch {
    // something else wrote there: nothing was kept
  }
  return undefined;
}
