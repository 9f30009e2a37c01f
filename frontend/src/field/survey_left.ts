/* What a survey tablet still holds when the server takes nothing more from it as from any other: what it is, and what to do. */
import { part } from "./elements";
import type { Connection } from "./outbox";

export interface Left {
  readonly records: number;
  readonly photos: number;
  /** Sheets that are being written. */
  readonly drafts: number;
}

/** One sentence on what is left, and one on what to do. `stopped`: reported lost or stopped at the center. */
export function leftWords(left: Left, stopped: boolean): string {
  const { records, photos, drafts } = left;
  const unsent = [records ? `記録 ${records}件` : "", photos ? `写真 ${photos}枚` : ""].filter(Boolean).join("と");
  if (!stopped) {
    const all = [unsent, drafts ? `書きかけの調査票 ${drafts}件` : ""].filter(Boolean).join("と");
    return all ? `${all}が、この端末に残っています。消えません。登録し直すと送れます。` : "この端末に、送っていないものはありません。";
  }
  const words = [];
  if (unsent) words.push(`${unsent}が、まだこの端末にあります。電源を入れたまま、つながるところに置いてください。センターに預けられます。`);
  if (drafts) {
    words.push(`書きかけの調査票が${drafts}件あります。下の一覧の「続きを書く」から「調査を終える」を押すと、センターに預けられます。`);
  }
  return words.join("") || "記録も写真も、ぜんぶセンターに預けました。この端末を、班長かセンター長に渡してください。";
}

export function drawLeft(page: HTMLElement, connection: Connection, left: Left): void {
  if (connection.kind !== "blocked") return;
  const stopped = connection.stored === true;
  part(page, "blocked-title").textContent = stopped ? "この端末は使用停止です" : "サーバーがこの端末の記録を受け取りません";
  part(page, "blocked-text").hidden = stopped; // what is left says it, and in the right order
  part(page, "left").textContent = leftWords(left, stopped);
}
