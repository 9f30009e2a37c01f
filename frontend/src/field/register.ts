/* Making this browser a device: once, by a signed-in member of staff. */
import { part } from "./elements";
import type { Device } from "./protocol";
import type { Shelf } from "./shelf";

const TIMEOUT_MS = 20_000;

/** Wire the form; `done` is called with the new device once it is on the shelf. */
export function wireRegister(page: HTMLElement, shelf: Shelf, done: (device: Device) => void): void {
  const form = part<HTMLFormElement>(page, "register-form");
  const say = part(page, "register-say");
  const press = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = new FormData(form).get("name");
    if (press) press.disabled = true;
    say.textContent = "登録しています…";
    void register(page, String(name ?? ""))
      .then(async (answer) => {
        if (typeof answer === "string") {
          say.textContent = answer;
          return;
        }
        await shelf.register(answer);
        // Without this the browser may clear the shelf when its disk is full. It may say no; that is shown nowhere.
        await navigator.storage?.persist?.();
        say.textContent = "";
        done(answer);
      })
      .finally(() => {
        if (press) press.disabled = false;
      });
  });
}

async function register(page: HTMLElement, name: string): Promise<Device | string> {
  let response: Response;
  try {
    response = await fetch(page.dataset["registerUrl"] ?? "", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": page.dataset["csrf"] ?? "" },
      body: JSON.stringify({ name }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return "サーバーにつながりません。登録には一度だけネットワークが必要です。Wi-Fiを確かめて、もう一度押してください。";
  }
  const json = response.headers.get("Content-Type")?.includes("json");
  if (response.redirected || !json) {
    return "サインインの期限が切れています。ページを読み込み直して、サインインしてから登録してください。";
  }
  const body = (await response.json()) as { device_id?: string; secret?: string; name?: string; text?: string };
  if (!response.ok || !body.device_id || !body.secret) {
    return body.text ?? "登録できませんでした。担当者に知らせてください。";
  }
  return { device_id: body.device_id, secret: body.secret, name: body.name ?? name, epoch: 1 };
}
