/* What a reader meant. The same rules as dvc/core/card_token.py, held equal by tests/vectors/cards.json. */

const MAX_TEXT = 1024;
const IGNORED =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+/g;

/** Full width made half, white space and controls dropped, ASCII letters upper-cased. Longer than a card could be: "". */
export function clean(text: string): string {
  if (text.length > MAX_TEXT) return "";
  return text
    .normalize("NFKC")
    .replace(IGNORED, "")
    .replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** I and L read as 1, O as 0: the letters Crockford's alphabet leaves out because hands confuse them. */
export function foldLookalikes(text: string): string {
  return text.replace(/[IL]/g, "1").replace(/O/g, "0");
}

/** "佐藤 花子" → "佐藤 花…": what a reception tablet may keep of a name, written as the snapshot writes it. */
export function shortName(name: string): string {
  const [family = "", given = ""] = name.trim().split(/[\s\u3000]+/);
  // A letter keeps its combining marks and variation selectors (か + ゙, 葛 + U+E0100).
  const first = /^.\p{M}*/u.exec(given)?.[0] ?? "";
  if (!first) return family;
  return `${family} ${first}${first.length < given.length ? "…" : ""}`;
}
