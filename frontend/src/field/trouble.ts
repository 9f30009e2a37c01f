/* When the tablet's own storage fails: one sentence about what happened, one about what to do, and what is still safe. */
import { part } from "./elements";
import { NOT_WRITTEN } from "./facts";
import type { Verdict } from "./protocol";
import { Shelf } from "./shelf";
import { isNamed, type ShelfNews } from "./shelf_schema";

const FULL =
  "端末の空きがなくなりました。端末の写真や動画を消して空きを作り、このページを開き直してください。保存済みの記録は残っています。";
const NEWS: Record<ShelfNews, string> = {
  waiting: "前の版のページが、ほかのタブで開いたままです。このページのほかのタブを、すべて閉じてください。閉じると自動で続きます。",
  newer: "新しい版のページが、ほかのタブで開かれました。記録は続けられます。手が空いたら、このページを読み込み直してください。",
  closed: "ブラウザーが端末の保存場所を閉じました。このページを読み込み直し、未送信の数を確かめてください。",
};

/** The tablet's shelf, or null when it cannot be opened: the page says why. */
export async function openShelf(page: HTMLElement): Promise<Shelf | null> {
  try {
    const shelf = await Shelf.open(undefined, (news) => showTrouble(page, newsText(news)));
    showTrouble(page, "");
    return shelf;
  } catch (error) {
    showTrouble(page, troubleText(error));
    return null;
  }
}

export function troubleText(error: unknown): string {
  if (isNamed(error, "QuotaExceededError")) return FULL;
  if (isNamed(error, "VersionError")) {
    return "この端末の記録は、別の新しい版のものです。記録は残っています。センターの担当者に、新しい版に更新するように伝えてください。";
  }
  return "端末の保存場所を開けません。このページを読み込み直してください。続くときは、プライベートモード（シークレットモード）でないか確かめてください。";
}

function newsText(news: ShelfNews): string {
  return NEWS[news];
}

/** The verdict for a scan that the tablet could not write: nobody may believe that it was recorded. */
export function notWritten(error: unknown): Verdict {
  return isNamed(error, "QuotaExceededError")
    ? { ...NOT_WRITTEN, say: `紙に名前と時刻を書いてください。${FULL}` }
    : NOT_WRITTEN;
}

export function showTrouble(page: HTMLElement, text: string): void {
  const notice = part(page, "trouble");
  notice.textContent = text;
  notice.hidden = text === "";
}
