/*
 * What is typed is kept by the server at every pause, so that a closed browser loses a word and not a call. The server
 * answers with the token and the version for the next time; when another machine has gone on with the same call, the
 * token of a draft of its own.
 *
 *   <form data-autosave="/o/1/needs/drafts/save/">…<p data-autosave-says></p>
 */
const PAUSE_MS = 1000;
const AGAIN_MS = 3000;
const TIMEOUT_MS = 10_000;

interface Answer {
  token?: string;
  version?: number;
  saved?: string;
  sentence: string;
}

export function wireAutosave(root: Document): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-autosave]")) keepSaving(form);
}

function keepSaving(form: HTMLFormElement): void {
  const address = form.dataset["autosave"] ?? "";
  const says = form.querySelector<HTMLElement>("[data-autosave-says]");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let typed = false; // since the last saving began
  let saving = false;
  let sent = false;
  let over = false;

  const say = (text: string, warn = false): void => {
    if (!says) return;
    says.textContent = text;
    says.classList.toggle("live--warn", warn);
  };

  const later = (wait: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void save(), wait);
  };

  const save = async (): Promise<void> => {
    if (saving || sent || over || !typed) return;
    saving = true;
    typed = false;
    try {
      const response = await fetch(address, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "fetch" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const isAnswer = !response.redirected && response.headers.get("Content-Type")?.includes("json");
      if (!isAnswer || (response.status !== 200 && response.status !== 409)) throw new Error("not saved");
      hear(response.status, (await response.json()) as Answer);
    } catch {
      // Whatever it was: the words stay on the page, and it is tried again until they are kept.
      typed = true;
      say("⚠ まだ保存できていません。入れた内容はこの画面に残っています。画面を閉じないで、そのまま続けてください。", true);
      later(AGAIN_MS);
    } finally {
      saving = false;
      if (typed && !over) later(AGAIN_MS);
    }
  };

  const hear = (status: number, answer: Answer): void => {
    if (status === 409) {
      over = true;
      say(`⚠ ${answer.sentence}`, true);
      return;
    }
    fill(form, "form_token", answer.token ?? "");
    fill(form, "draft_version", String(answer.version ?? 0));
    say(answer.sentence ? `⚠ ${answer.sentence}` : `${answer.saved ?? ""} 書きかけを保存しました（まだ受け付けていません）`, answer.sentence !== "");
  };

  form.addEventListener("input", () => {
    typed = true;
    later(PAUSE_MS);
  });
  form.addEventListener("change", () => {
    typed = true;
    later(PAUSE_MS);
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
  });
  // The page goes away: what has not been sent yet goes along behind it, and what is on its way goes again, because the
  // browser breaks that off with the page. Words the server has already change nothing.
  const leave = (): void => {
    if ((!typed && !saving) || sent || over) return;
    const rest = new FormData(form);
    rest.set("by_script", "yes"); // a beacon has no headers: nobody reads a page that answers it
    if (navigator.sendBeacon(address, rest)) typed = false;
  };
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) void save();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (typed && says?.classList.contains("live--warn") && !sent) event.preventDefault();
  });
}

function fill(form: HTMLFormElement, name: string, value: string): void {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement) field.value = value;
}
