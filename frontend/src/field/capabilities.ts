/* What this browser can do for a tablet, found out without asking anybody for permission. */

export interface Capabilities {
  readonly secure: boolean;
  readonly camera: boolean;
  readonly offline: boolean;
  readonly storage: "persisted" | "best_effort";
}

/** Look around. `persist` also asks the browser to keep what is stored here; it may say no without a word. */
export async function look({ persist = false } = {}): Promise<Capabilities> {
  return {
    secure: window.isSecureContext,
    camera: await hasCamera(),
    offline: "serviceWorker" in navigator,
    storage: await keepsStorage(persist),
  };
}

async function keepsStorage(persist: boolean): Promise<Capabilities["storage"]> {
  // Plain http and old browsers have no storage manager at all.
  const manager = navigator.storage as StorageManager | undefined;
  const kept = (await manager?.persisted?.()) || (persist && (await manager?.persist?.()));
  return kept ? "persisted" : "best_effort";
}

export async function hasCamera(): Promise<boolean> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media?.enumerateDevices) return false;
  const devices = await media.enumerateDevices().catch(() => []);
  return devices.some((device) => device.kind === "videoinput");
}

/** One line for each ability: whether it is there, and what that means. */
export function inWords({ secure, camera, offline, storage }: Capabilities): readonly (readonly [boolean, string])[] {
  if (!secure) {
    return [
      [false, "安全な接続（https）ではありません。カメラと、電波がないときのページの開き直しは使えません。QRコードはバーコードリーダーで読み取ります。"],
      storageWords(storage),
    ];
  }
  return [
    camera
      ? [true, "カメラでQRコードを読み取れます。"]
      : [false, "カメラが見つかりません。QRコードはバーコードリーダーで読み取ります。"],
    offline
      ? [true, "電波がないときも、ページを開き直せます。"]
      : [false, "電波がないときに、ページを開き直せません。使っている間は、画面を閉じないでください。"],
    storageWords(storage),
  ];
}

function storageWords(storage: Capabilities["storage"]): readonly [boolean, string] {
  return storage === "persisted"
    ? [true, "記録は、この端末に消えずに残ります。"]
    : [false, "容量が足りなくなると、ブラウザーが記録を消すことがあります。電波のあるときに、こまめに送信してください。"];
}
