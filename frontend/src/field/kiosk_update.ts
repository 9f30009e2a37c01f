/*
 * A kiosk changes over to a new release by itself: nobody stands there to press a button. Only while nobody is near it,
 * and only where the new page will go on by itself, without a sign-in page and without asking for the camera again.
 */
import { keepShell } from "./offline";

const QUIET_MS = 60_000;
const LOOK_EVERY_MS = 15_000;

export interface Quiet {
  /** Milliseconds since somebody last did something here; 0 while something is shown or written. */
  quietFor(): number;
  /** Whether the camera would come back without a question. */
  cameraComesBack(): Promise<boolean>;
  reload(): void;
}

export class QuietUpdate {
  private hasCome = false;
  private isChanging = false;

  constructor(private readonly quiet: Quiet) {
    setInterval(() => void this.changeOver(), LOOK_EVERY_MS);
  }

  /** The files of another release are here. */
  offer(): void {
    this.hasCome = true;
  }

  private async changeOver(): Promise<void> {
    if (!this.hasCome || this.isChanging || !this.isQuiet()) return;
    this.isChanging = true;
    try {
      const worker = navigator.serviceWorker.controller;
      if (!worker || !(await this.quiet.cameraComesBack()) || !(await keepShell(worker))) return;
      if ((await opensByItself()) && this.isQuiet()) this.quiet.reload();
    } finally {
      this.isChanging = false;
    }
  }

  private isQuiet(): boolean {
    return this.quiet.quietFor() >= QUIET_MS;
  }
}

/** False where a member of staff is signed in in this browser: the new page would only ask them to leave. */
async function opensByItself(): Promise<boolean> {
  const kept = await caches.match(location.pathname, { cacheName: "shell" });
  return (await kept?.text())?.includes('data-staff="no"') ?? false;
}

/** Whether the browser remembers that this page may use the camera. One that cannot tell (older Safari) may ask again. */
export async function mayUseCamera(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false;
  }
}
