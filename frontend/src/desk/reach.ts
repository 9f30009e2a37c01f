/*
 * A form somebody has typed into is not lost by sending it where nobody answers. The page goes away with the form: without
 * a network the browser shows a page of its own in its place, to whom is signed out the server shows the way in, and the
 * words are gone, because no browser keeps what stood on a page about people. So the server is asked first whether it is
 * there and knows who asks; if not, the page stays and says what to do.
 *
 * A mere button, or what was only ticked in half a minute, goes at once, unless the device has no network at all. Words of
 * whoever is signed in never do: another page may have signed them out a moment ago.
 *
 *   <body data-reach="/reach/" data-signed-in>
 */
const PATIENCE_MS = 8000;
const JUST_CAME_MS = 30_000;
const QUIET_MS = 700; // who waits longer is told that the press was heard
const WORDY = "textarea, input:not([type=checkbox], [type=radio])";
const OWN_WAYS = "[data-tell], [hx-post]"; // a leader's page keeps what it cannot send; htmx leaves the page where it is

interface Reached {
  /** The path of the page where one signs in; empty for whom the server knows. */
  sign_in: string;
  /** For the form: signing in gives a new one. */
  csrf: string;
}

const WORDS = {
  ja: {
    waiting: "送っています…",
    title: "まだ送っていません",
    gone: "センターのサーバーにつながりません。入れた内容は、この画面に残っています。画面を閉じないで、電波（Wi-Fi）の印を確かめ、少し待ってから、もう一度ボタンを押してください。",
    signedOut: "サインインが切れています。入れた内容は、この画面に残っています。下のボタンで別の画面を開いてサインインし、この画面に戻って、もう一度ボタンを押してください。",
    signIn: "別の画面でサインインする",
  },
  en: {
    waiting: "Sending…",
    title: "Not sent yet",
    gone: "The volunteer center cannot be reached. What you entered is still on this page. Do not close it: check your signal (Wi-Fi), wait a little, and press the button again.",
    signedOut: "You are signed out. What you entered is still on this page. Sign in on another page, come back to this one, and press the button again.",
    signIn: "Sign in on another page",
  },
};

export function wireReach(root: Document): void {
  const address = root.body.dataset["reach"];
  if (!address) return;
  const typedInto = new WeakSet<HTMLFormElement>();
  const hasWords = new WeakSet<HTMLFormElement>();
  const asking = new WeakSet<HTMLFormElement>();
  let mayGo: HTMLFormElement | undefined;

  const typed = ({ target }: Event): void => {
    const form = target instanceof Element ? target.closest("form") : null;
    if (form) typedInto.add(form);
    if (form && target instanceof Element && target.matches(WORDY)) hasWords.add(form);
  };
  root.addEventListener("input", typed);
  root.addEventListener("change", typed);

  const askFirst = async (form: HTMLFormElement, pressed: HTMLElement | null): Promise<void> => {
    const words = WORDS[root.documentElement.lang === "en" ? "en" : "ja"];
    const long = setTimeout(() => tell(form, pressed, "notice", "status", words.waiting), QUIET_MS);
    const reached = await ask(address);
    clearTimeout(long);
    asking.delete(form);
    form.querySelector("[data-not-sent]")?.remove();
    if (!reached) {
      tell(form, pressed, "notice notice--stop", "alert", words.title, words.gone);
      return;
    }
    if (reached.sign_in && "signedIn" in root.body.dataset) {
      const link = signInLink(root, reached.sign_in, words.signIn);
      tell(form, pressed, "notice notice--stop", "alert", words.title, words.signedOut, link);
      return;
    }
    const token = form.elements.namedItem("csrfmiddlewaretoken");
    if (reached.csrf && token instanceof HTMLInputElement) token.value = reached.csrf;
    mayGo = form;
    form.requestSubmit(pressed);
    mayGo = undefined;
  };

  // Before everybody else: for them the form is sent only once it goes.
  root.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!(form instanceof HTMLFormElement) || form === mayGo) return;
      // A field of that name hides form.method: the call has one.
      if (form.getAttribute("method")?.toLowerCase() !== "post" || form.matches(OWN_WAYS)) return;
      // A mere button loses no words, and a page that came just now shows that the server is there and, as good as always,
      // knows who asks: these wait for no answer, unless the device itself knows that they would come to nothing.
      const wordsAtRisk = hasWords.has(form) && "signedIn" in root.body.dataset;
      const justCame = performance.now() < JUST_CAME_MS && !wordsAtRisk;
      if (navigator.onLine && (!typedInto.has(form) || justCame)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (asking.has(form)) return;
      asking.add(form);
      void askFirst(form, (event as SubmitEvent).submitter);
    },
    { capture: true },
  );
}

async function ask(address: string): Promise<Reached | null> {
  try {
    const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? ((await response.json()) as Reached) : null;
  } catch {
    return null; // no network, no answer in time, or the answer of somebody else's server
  }
}

/** Above the buttons, where whoever pressed one is looking. */
function tell(
  form: HTMLFormElement,
  pressed: HTMLElement | null,
  look: string,
  role: "alert" | "status",
  title: string,
  ...more: (string | HTMLElement)[]
): void {
  form.querySelector("[data-not-sent]")?.remove();
  const notice = made(form.ownerDocument, "div", "");
  notice.className = `${look} not-sent`;
  notice.dataset["notSent"] = "";
  notice.setAttribute("role", role);
  const first = made(form.ownerDocument, "p", title);
  first.className = "notice__title";
  notice.append(first, ...more.map((each) => (typeof each === "string" ? made(form.ownerDocument, "p", each) : each)));
  const row = pressed?.closest<HTMLElement>(".form__actions");
  if (row) row.prepend(notice);
  else if (pressed && form.contains(pressed)) pressed.before(notice);
  else form.append(notice);
  notice.scrollIntoView({ block: "nearest" });
}

function signInLink(root: Document, address: string, label: string): HTMLElement {
  const link = made(root, "a", label) as HTMLAnchorElement;
  link.className = "button";
  link.href = address;
  link.target = "_blank"; // this page, with what stands in it, stays
  return link;
}

function made(root: Document, tag: string, text: string): HTMLElement {
  const element = root.createElement(tag);
  element.textContent = text;
  return element;
}
