/*
 * A keyboard-wedge reader types the card's text as if it were a keyboard, often with a Japanese IME switched on.
 * It is heard anywhere on the page. Typing into a field is left alone; only a whole card that lands in one is taken.
 */
import { looksLikeCard } from "./card";
import { clean } from "./text";

const SILENCE_MS = 80;
const SLOW_READER_MS = 600;
const SUFFIX_MS = 400;
const SHORTEST = 8;
const CARD_CHARS = 147;
const PREFIX = "VC1";
const FIELDS = "input:not([type=button], [type=checkbox], [type=radio], [type=submit]), textarea, [contenteditable]";
// Nobody types into it, and a reader's letters would choose something.
const LIST = "select";

export interface Wedge {
  stop(): void;
}

/** Call `onText` for each scan. `root` is the document that hears the keys. */
export function listenToWedge(root: Document, onText: (text: string) => void): Wedge {
  let buffer = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let swallowUntil = 0;
  const aborter = new AbortController();
  const options = { capture: true, signal: aborter.signal };

  const finish = (): void => {
    clearTimeout(timer);
    const text = buffer;
    buffer = "";
    if (clean(text).length < SHORTEST) return; // somebody leaned on a key
    // A reader's Enter may come after the silence, and would press the button that has the focus.
    swallowUntil = Date.now() + SUFFIX_MS;
    onText(text);
  };

  const take = (text: string): void => {
    buffer += text;
    clearTimeout(timer);
    const soFar = clean(buffer);
    const halfACard = soFar.length < CARD_CHARS && (soFar.startsWith(PREFIX) || PREFIX.startsWith(soFar));
    timer = setTimeout(finish, halfACard ? SLOW_READER_MS : SILENCE_MS);
  };

  root.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return;
      if (event.key === "Enter" || event.key === "Tab") {
        if (clean(buffer).length >= SHORTEST) {
          event.preventDefault();
          event.stopPropagation();
          finish();
        } else if (Date.now() < swallowUntil) {
          event.preventDefault();
          event.stopPropagation();
          swallowUntil = 0;
        } else {
          buffer = "";
        }
        return;
      }
      const letter = letterOf(event);
      if (letter === null) return;
      // A space would press the focused button; single-letter shortcuts do not exist on this page.
      if (letter === " " ? buffer : isList(event.target)) event.preventDefault();
      take(letter);
    },
    options,
  );

  // With an IME on, some systems send no letters but a composition, full-width.
  root.addEventListener(
    "compositionend",
    (event) => {
      if (!isField(event.target) && event.data) take(event.data);
    },
    options,
  );

  // The focus was in a field: the card is in there now. Nothing else that is typed looks like one.
  root.addEventListener(
    "input",
    (event) => {
      const field = event.target;
      if (!(isField(field) && "value" in field)) return;
      const text = String(field.value);
      if (text.length < CARD_CHARS || !looksLikeCard(text) || (event as InputEvent).isComposing) return;
      field.value = "";
      swallowUntil = Date.now() + SUFFIX_MS;
      onText(text);
    },
    options,
  );
  root.addEventListener(
    "keydown",
    (event) => {
      // The suffix after a card that was taken out of a field must not send that field's form.
      if ((event.key !== "Enter" && event.key !== "Tab") || !isField(event.target) || Date.now() >= swallowUntil) return;
      event.preventDefault();
      event.stopPropagation();
      swallowUntil = 0;
    },
    options,
  );

  return {
    stop() {
      clearTimeout(timer);
      aborter.abort();
    },
  };
}

function isField(target: EventTarget | null): target is HTMLElement & { value?: string } {
  return target instanceof Element && target.matches(FIELDS);
}

function isList(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(LIST);
}

/** The letter of a key press; from the key's place when the IME hides it ("Process", "Unidentified"). */
function letterOf(event: KeyboardEvent): string | null {
  if ([...event.key].length === 1) return event.key;
  if (event.key !== "Process" && event.key !== "Unidentified") return null;
  return /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code)?.[1] ?? null;
}
