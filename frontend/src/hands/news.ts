const AWAY_MS = 4_000;
const KEY = "hands-last";

/**
 * Whether this was not read just now. Every scan answers with a new page, and the camera goes on looking at the same
 * card: it counts again only after it has been out of sight for four seconds.
 */
export function isNews(store: Storage, text: string, at: number): boolean {
  const [last, seen] = read(store);
  store.setItem(KEY, JSON.stringify([text, at]));
  return last !== text || at - seen > AWAY_MS;
}

function read(store: Storage): [string, number] {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? "[]");
    if (Array.isArray(kept) && typeof kept[0] === "string" && typeof kept[1] === "number") return [kept[0], kept[1]];
  } catch {
    // something else wrote there: nothing was read yet
  }
  return ["", 0];
}
