/*
 * Making this browser a device with a code: it makes its own secret, sends only the hash, shows a number, and waits
 * until a person says yes on another screen.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { inWords, look, type Capabilities } from "./capabilities";
import { toHex } from "./ed25519";
import { element, icon, part } from "./elements";
import type { Device } from "./protocol";
import type { Shelf } from "./shelf";

const TIMEOUT_MS = 20_000;
const WAIT_MS = 2_000;
const NO_NETWORK = "サーバーにつながりません。Wi-Fiを確かめてください。登録には一度だけネットワークが必要です。";

interface Answer {
  readonly pairing: string;
  readonly state: "asking" | "approved" | "refused" | "over";
  readonly name: string;
  readonly center: string;
  readonly number: string;
  readonly device_id?: string;
  readonly next?: string;
}

/** Wire the page; the code of a scanned QR stands behind the # of the address. */
export async function wirePairing(page: HTMLElement, shelf: Shelf): Promise<void> {
  const form = part<HTMLFormElement>(page, "pair-form");
  const field = form.querySelector("input")!;
  const say = part(page, "pair-say");
  const press = form.querySelector("button")!;
  const can = await look({ persist: true });
  drawCapabilities(page, can);
  // One secret for each code: when the answer is lost on the way, the same tablet may ask again.
  let made = { code: "", secret: "" };
  const ask = async (): Promise<void> => {
    press.disabled = true;
    say.textContent = "申し込んでいます…";
    if (made.code !== field.value) made = { code: field.value, secret: toHex(crypto.getRandomValues(new Uint8Array(32))) };
    const { secret } = made;
    const answer = await post(page.dataset["askUrl"] ?? "", {
      code: field.value,
      secret_hash: toHex(sha256(new TextEncoder().encode(secret))),
      capabilities: can,
    });
    press.disabled = false;
    say.textContent = typeof answer === "string" ? answer : "";
    if (typeof answer !== "string") await wait(page, shelf, answer, secret);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  const scanned = decodeURIComponent(location.hash.slice(1));
  if (!scanned) return;
  // A reload must not use the same code again, and nobody should read it from the address.
  history.replaceState(null, "", location.pathname);
  field.value = scanned;
  await ask();
}

async function wait(page: HTMLElement, shelf: Shelf, asked: Answer, secret: string): Promise<void> {
  turnTo(page, "pair-wait-page");
  part(page, "pair-number").textContent = asked.number;
  part(page, "pair-center").textContent = `${asked.center}の「${asked.name}」として登録します。`;
  const say = part(page, "pair-wait-say");
  for (;;) {
    const answer = await post(page.dataset["waitUrl"] ?? "", { pairing: asked.pairing, secret });
    if (typeof answer === "string") say.textContent = answer;
    else if (answer.state === "approved" && answer.device_id) {
      await finish(page, shelf, { device_id: answer.device_id, secret, name: answer.name, epoch: 1 }, answer.next);
      return;
    } else if (answer.state !== "asking") {
      turnTo(page, "pair-code-page");
      part(page, "pair-say").textContent =
        answer.state === "refused"
          ? "登録を断られました。番号が同じことを確かめて、新しい登録番号で申し込んでください。"
          : "時間が過ぎました。新しい登録番号を出してもらい、もう一度申し込んでください。";
      return;
    } else say.textContent = "";
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function finish(page: HTMLElement, shelf: Shelf, device: Device, next = "/"): Promise<void> {
  await shelf.register(device);
  turnTo(page, "pair-done-page");
  part(page, "pair-name").textContent = `この端末は「${device.name}」です。`;
  part<HTMLAnchorElement>(page, "pair-next").href = next;
}

function turnTo(page: HTMLElement, name: string): void {
  for (const each of ["pair-code-page", "pair-wait-page", "pair-done-page"]) part(page, each).hidden = each !== name;
}

function drawCapabilities(page: HTMLElement, can: Capabilities): void {
  const rows = inWords(can).map(([yes, words]) => {
    const row = element("li", "", icon(yes ? "ok" : "warn"), element("span", "", words));
    row.dataset["can"] = yes ? "yes" : "no";
    return row;
  });
  part(page, "pair-can").replaceChildren(...rows);
}

/** The server's answer, or a sentence for the screen. */
async function post(url: string, body: object): Promise<Answer | string> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch {
    return NO_NETWORK;
  }
  if (response.ok) return answer as Answer;
  return (answer as { text?: string }).text ?? "登録できませんでした。もう一度申し込んでください。";
}
