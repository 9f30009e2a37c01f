/* The camera's picture and its two buttons; what it reads goes to `onText`. */
import { icon, part } from "./elements";
import { Scanner, type CameraState, type Facing } from "./scanner";

export function wireCamera(page: HTMLElement, onText: (text: string, seenAt: number) => void): void {
  const press = part<HTMLButtonElement>(page, "camera");
  const flip = part<HTMLButtonElement>(page, "flip");
  const video = part<HTMLVideoElement>(page, "video");
  const words = part(page, "eye-say");
  let facing: Facing = localStorage.getItem("camera-facing") === "user" ? "user" : "environment";
  let on = false;
  const draw = (state: CameraState): void => {
    on = state.kind === "on" || state.kind === "starting";
    press.setAttribute("aria-pressed", String(on));
    press.replaceChildren(icon("camera"), on ? "カメラ 入" : "カメラ 切");
    part(page, "eye").dataset["camera"] = state.kind;
    video.hidden = state.kind !== "on";
    flip.hidden = !on;
    words.hidden = state.kind === "on";
    if (state.kind === "none") words.textContent = state.say;
    else if (state.kind === "starting") words.textContent = "カメラを準備しています…";
    else words.textContent = "カメラを使うときは「カメラ」を押してください。リーダーは、いつでも読み取れます。";
  };
  const scanner = new Scanner(video, onText, draw);
  const turnOn = (): void => {
    localStorage.setItem("camera", "on");
    void scanner.start(facing);
  };
  draw({ kind: "off" });
  press.addEventListener("click", () => {
    if (!on) {
      turnOn();
      return;
    }
    localStorage.setItem("camera", "off");
    scanner.stop();
  });
  flip.addEventListener("click", () => {
    facing = facing === "user" ? "environment" : "user";
    localStorage.setItem("camera-facing", facing);
    turnOn();
  });
  if (localStorage.getItem("camera") === "on") turnOn();
}
