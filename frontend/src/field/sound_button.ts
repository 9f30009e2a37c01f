/* 音 入 / 音 切, and the first touch that browsers ask for before they make a sound. */
import { icon, part } from "./elements";
import type { Sound } from "./sound";

export function wireSound(page: HTMLElement, sound: Sound): void {
  const press = part<HTMLButtonElement>(page, "sound");
  const draw = (): void => {
    press.setAttribute("aria-pressed", String(!sound.muted));
    press.replaceChildren(icon(sound.muted ? "mute" : "sound"), sound.muted ? "音 切" : "音 入");
  };
  press.addEventListener("click", () => {
    sound.muted = !sound.muted;
    draw();
  });
  draw();
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => sound.unlock(), { passive: true });
}
