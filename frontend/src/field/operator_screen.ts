/* Signing in at the tablet: read a badge, type a PIN. Stands where the verdict stands, so that the camera stays in view. */
import { STAFF, cardFace } from "./card";
import { part } from "./elements";
import { Operators, type Face, type Worker } from "./operators";
import type { Device } from "./protocol";

const CHECK_IDLE_MS = 5_000;

export class OperatorScreen {
  readonly operators: Operators;
  private readonly field: HTMLInputElement;
  private badge: Face | null = null;
  private open = false;
  private busy = false;

  /** `turned`: what the screen asks for now, null when it is closed. */
  constructor(
    private readonly page: HTMLElement,
    private readonly turned: (step: "badge" | "pin" | null) => void = () => undefined,
  ) {
    this.operators = new Operators({
      listUrl: page.dataset["operatorsUrl"] ?? "",
      signInUrl: page.dataset["operatorUrl"] ?? "",
      pageActor: pageActor(page),
      local: localStorage,
      session: sessionStorage,
    });
    this.field = part<HTMLInputElement>(page, "operator-pin");
    this.wire();
  }

  /** Who is written into ops now. */
  get actor(): number | null {
    return this.operators.current?.user ?? null;
  }

  get badgeInUse(): string | undefined {
    return this.operators.current?.badge;
  }

  /** Whether scans must wait until somebody has signed in. */
  get closed(): boolean {
    return this.operators.locked;
  }

  async begin(device: Device): Promise<void> {
    this.operators.use(device);
    this.show();
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const ended = await this.operators.refresh();
    if (ended) this.ask("職員証が使えなくなったため、担当を外しました。記録はこの端末に残っています。");
    else if (this.operators.locked && !this.open) this.ask();
    else this.drawWho();
  }

  /** A scan that is a badge is taken here; returns false for anything else. */
  take(text: string): boolean {
    this.operators.touch();
    const face = cardFace(text);
    if (face?.purpose !== STAFF) {
      if (this.open && !this.operators.locked) this.close();
      return false;
    }
    if (this.busy) return true;
    const { current, locked } = this.operators;
    if (!this.open && current?.badge === face.prefix && !locked) return true;
    this.askPin({ cardId: face.cardId, prefix: face.prefix, text });
    return true;
  }

  private show(): void {
    this.drawWho();
    if (this.operators.locked) this.ask();
  }

  /** The first half: a badge, or only the PIN of whoever was here. */
  private ask(say = ""): void {
    const face = this.operators.remembered;
    if (this.operators.locked && face) {
      this.askPin(face, say);
      return;
    }
    this.badge = null;
    this.turn("badge", "職員証を読み取ってください", say);
  }

  private askPin(badge: Face, say = ""): void {
    this.badge = badge;
    const name = this.operators.nameOf(badge.prefix);
    this.turn("pin", name ? `${name} さん` : "職員証を読み取りました", say);
    this.field.value = "";
    this.field.focus();
  }

  private turn(step: "badge" | "pin", title: string, say: string): void {
    this.open = true;
    this.page.dataset["operatorScreen"] = step;
    part(this.page, "operator").hidden = false;
    part(this.page, "operator-title").textContent = title;
    part(this.page, "operator-badge-step").hidden = step !== "badge";
    part(this.page, "operator-pin-step").hidden = step !== "pin";
    part(this.page, "operator-other").hidden = step !== "pin";
    part(this.page, "operator-back").hidden = this.operators.locked;
    this.say(say);
    this.drawWho();
    this.turned(step);
  }

  private close(): void {
    this.open = false;
    this.badge = null;
    this.field.value = "";
    delete this.page.dataset["operatorScreen"];
    part(this.page, "operator").hidden = true;
    this.drawWho();
    this.turned(null);
  }

  private async submit(): Promise<void> {
    const { badge } = this;
    const pin = this.field.value.normalize("NFKC").replace(/\D/g, "");
    if (!badge || this.busy) return;
    if (pin.length < 4) {
      this.say("暗証番号は、数字4～6けたです。もう一度入力してください。");
      return;
    }
    this.busy = true;
    this.say("確かめています…");
    const outcome = await this.operators.signIn(badge, pin).finally(() => {
      this.busy = false;
      this.field.value = "";
    });
    if (outcome.ok) {
      this.close();
      return;
    }
    this.say(outcome.say);
    this.field.focus();
  }

  say(text: string): void {
    part(this.page, "operator-say").textContent = text;
  }

  private drawWho(): void {
    const { current, locked } = this.operators;
    const words = current ? `担当 ${current.name} さん` : "担当者なし";
    part(this.page, "operator-name").textContent = locked && current ? `${words}（離席中）` : words;
  }

  private wire(): void {
    const { page } = this;
    part(page, "operator-switch").addEventListener("click", () => {
      if (this.operators.current?.badge !== undefined) this.operators.lock();
      this.ask();
    });
    part(page, "operator-back").addEventListener("click", () => this.close());
    part(page, "operator-other").addEventListener("click", () => {
      this.badge = null;
      this.turn("badge", "職員証を読み取ってください", "");
    });
    part<HTMLFormElement>(page, "operator-pin-step").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    for (const key of page.querySelectorAll<HTMLButtonElement>("[data-digit]")) {
      key.addEventListener("click", () => {
        if (this.field.value.length < 6) this.field.value += key.dataset["digit"] ?? "";
      });
    }
    part(page, "operator-erase").addEventListener("click", () => {
      this.field.value = this.field.value.slice(0, -1);
    });
    for (const touch of ["pointerdown", "keydown"]) {
      document.addEventListener(touch, () => this.operators.touch(), { passive: true });
    }
    setInterval(() => {
      if (this.operators.lockIfIdle()) this.ask("しばらく操作がなかったので、鍵をかけました。");
    }, CHECK_IDLE_MS);
  }
}

function pageActor(page: HTMLElement): Worker | null {
  const user = Number(page.dataset["actorId"]);
  return user ? { user, name: page.dataset["actorName"] ?? "" } : null;
}
