/* What this very browser can do on this very connection. Everything is tried, nothing is guessed from its name. */
import { look, type Capabilities } from "./capabilities";
import { knowsEd25519 } from "./ed25519";
import { registerWorker } from "./offline";

/** yes: works · part: works with the restriction that `say` names · no: does not. */
export type State = "yes" | "part" | "no";

export interface Ability {
  readonly key: "encrypted" | "camera" | "reopen" | "reader" | "keep" | "kept" | "cards" | "decoder";
  readonly label: string;
  readonly state: State;
  readonly say: string;
}

export const MARKS: Record<State, string> = { yes: "○", part: "△", no: "×" };
// The smallest WebAssembly module there is: its magic number and version.
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const SCRATCH = "dvc-check";

/** Try everything, in the order a person cares about. Also asks the browser to keep what is stored. */
export async function findAbilities(): Promise<Ability[]> {
  const can = await look({ persist: true });
  return Promise.all([encrypted(can), reader(), camera(can), reopen(), keep(), kept(can), cards(), decoder()]);
}

/** The short line at the foot of the tablet's page: カメラ ○／電波がなくても開き直せる ○／キーボード型リーダー ○ */
export async function shortAbilities(reopens: boolean): Promise<string> {
  const mark = (yes: boolean): string => MARKS[yes ? "yes" : "no"];
  return `カメラ ${mark((await look()).camera)}／電波がなくても開き直せる ${mark(reopens)}／キーボード型リーダー ${MARKS.yes}`;
}

function encrypted({ secure }: Capabilities): Ability {
  const label = "安全な接続";
  if (!secure) {
    return { key: "encrypted", label, state: "no", say: "通信は暗号化されていません。証明書を入れると、暗号化されます。" };
  }
  const say = location.protocol === "https:" ? "通信は暗号化されています。" : "このパソコンの中だけの通信です。";
  return { key: "encrypted", label, state: "yes", say };
}

function reader(): Ability {
  return { key: "reader", label: "キーボード型リーダー・番号の入力", state: "yes", say: "どの端末でも使えます。" };
}

function camera(can: Capabilities): Ability {
  const label = "カメラ";
  if (can.camera) return { key: "camera", label, state: "yes", say: "使えます。はじめて使うときに、許可を聞かれます。" };
  const say = can.secure ? "カメラが見つかりません。" : "安全な接続ではないため、使えません。";
  return { key: "camera", label, state: "no", say };
}

async function reopen(): Promise<Ability> {
  const label = "電波がなくても開き直せる";
  if (!("serviceWorker" in navigator)) {
    return { key: "reopen", label, state: "no", say: "開いている間は記録できます。閉じると、電波が戻るまで開けません。" };
  }
  try {
    await registerWorker();
    return { key: "reopen", label, state: "yes", say: "受付の画面を一度開いておくと、使えます。" };
  } catch {
    return { key: "reopen", label, state: "no", say: "準備ができません。証明書が正しく入っていないか、プライベートブラウズで開いています。" };
  }
}

/** A record written as the outbox writes it. */
async function keep(): Promise<Ability> {
  const label = "端末に記録を残す";
  try {
    await writeAndForget();
    return { key: "keep", label, state: "yes", say: "送れない間も、記録は端末に残ります。" };
  } catch {
    return { key: "keep", label, state: "no", say: "この端末には記録を残せません。受付には使わないでください。" };
  }
}

function kept({ storage }: Capabilities): Ability {
  const label = "残した記録を、ブラウザーが消さない";
  return storage === "persisted"
    ? { key: "kept", label, state: "yes", say: "空きが少なくなっても、消されません。" }
    : { key: "kept", label, state: "part", say: "空きが少なくなると、消されることがあります。こまめに送信してください。" };
}

async function cards(): Promise<Ability> {
  const own = await knowsEd25519();
  const say = own ? "ブラウザーのしくみで確かめます。" : "このシステムに入っているしくみで確かめます。";
  return { key: "cards", label: "カードが本物か確かめる", state: "yes", say };
}

async function decoder(): Promise<Ability> {
  const label = "QRコードを読み解く";
  try {
    await WebAssembly.compile(EMPTY_MODULE);
    return { key: "decoder", label, state: "yes", say: "使えます。" };
  } catch {
    return { key: "decoder", label, state: "no", say: "カメラで読めません。バーコードリーダーを使ってください。" };
  }
}

function writeAndForget(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(SCRATCH, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
    opening.onerror = () => reject(opening.error ?? new Error("no database"));
    opening.onsuccess = () => {
      const db = opening.result;
      const tx = db.transaction("rows", "readwrite", { durability: "strict" });
      tx.objectStore("rows").put("written", "row");
      tx.onabort = () => reject(tx.error ?? new Error("not written"));
      tx.oncomplete = () => {
        db.close();
        indexedDB.deleteDatabase(SCRATCH);
        resolve();
      };
    };
  });
}
