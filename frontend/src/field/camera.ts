/* The camera's picture and its two buttons; what it reads goes to `onText`. */
import { icon, part } from "./elements";
import { Scanner, type CameraState, type Facing } from "./scanner";

export interface CameraWords {
  /** Where the picture will be, while the camera is off. */
  readonly idle: string;
  /** What works without a camera, as a sentence. */
  readonly otherWays: string;
}

const AT_A_DESK: CameraWords = {
  idle: "カメラを使うときは「カメラ」を押してください。バーコードリーダーは、いつでも読み取れます。",
  otherWays: "バーコードリーダーか、カードの番号8文字の入力で受付できます。",
};

/** Wire the page's camera. `words`: those of a page that is no desk with a reader; there the camera is on only when it was
    asked for, and `stop` ends it. */
export function wireCamera(
  page: HTMLElement, onText: (text: string, seenAt: number) => void, words: CameraWords = AT_A_DESK,
): { readonly stop: () => void } {
  const press = part<HTMLButtonElement>(page, "camera");
  const flip = part<HTMLButtonElement>(page, "flip");
  const video = part<HTMLVideoElement>(page, "video");
  const line = part(page, "eye-say");
  const isDesk = words === AT_A_DESK;
  let facing: Facing = localStorage.getItem("camera-facing") === "user" ? "user" : "environment";
  let on = false;
  const draw = (state: CameraState): void => {
    on = state.kind === "on" || state.kind === "starting";
    press.setAttribute("aria-pressed", String(on));
    press.replaceChildren(icon("camera"), on ? "カメラ 入" : "カメラ 切");
    part(page, "eye").dataset["camera"] = state.kind;
    video.hidden = state.kind !== "on";
    flip.hidden = !on;
    line.hidden = state.kind === "on";
    if (state.kind === "none") line.textContent = state.say;
    else if (state.kind === "starting") line.textContent = "カメラを準備しています…";
    else line.textContent = words.idle;
  };
  const scanner = new Scanner(video, onText, draw, words.otherWays);
  const turnOn = (): void => {
    if (isDesk) localStorage.setItem("camera", "on");
    void scanner.start(facing);
  };
  draw({ kind: "off" });
  press.addEventListener("click", () => {
    if (!on) {
      turnOn();
      return;
    }
    if (isDesk) localStorage.setItem("camera", "off");
    scanner.stop();
  });
  flip.addEventListener("click", () => {
    facing = facing === "user" ? "environment" : "user";
    localStorage.setItem("camera-facing", facing);
    turnOn();
  });
  if (isDesk && localStorage.getItem("camera") === "on") turnOn();
  return {
    stop: () => {
      if (on) scanner.stop();
    },
  };
}
