import type { Tone } from "./protocol";

const MUTE_KEY = "sound-off";

interface Note {
  readonly hz: number;
  readonly at: number;
  readonly for: number;
  readonly shape: OscillatorType;
}

const GAP_S = 0.08;
const LONGEST_WAIT_S = 0.7;

/* Told apart without looking: up = go on, same note twice = look, long and low = stop. */
const TUNES: Record<Tone, readonly Note[]> = {
  ok: [
    { hz: 988, at: 0, for: 0.09, shape: "sine" },
    { hz: 1319, at: 0.1, for: 0.16, shape: "sine" },
  ],
  warn: [
    { hz: 660, at: 0, for: 0.14, shape: "triangle" },
    { hz: 660, at: 0.22, for: 0.14, shape: "triangle" },
  ],
  stop: [{ hz: 180, at: 0, for: 0.6, shape: "square" }],
};

/** Short tones for verdicts. Browsers allow sound only after a touch: call `unlock` from one. */
export class Sound {
  private context: AudioContext | undefined;
  private freeAt = 0;

  constructor(private readonly storage: Storage) {}

  get muted(): boolean {
    return this.storage.getItem(MUTE_KEY) === "1";
  }

  set muted(value: boolean) {
    this.storage.setItem(MUTE_KEY, value ? "1" : "0");
  }

  unlock(): void {
    if (!("AudioContext" in window)) return;
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
  }

  play(tone: Tone): void {
    if (this.muted || this.context?.state !== "running") return;
    const { context } = this;
    // Two cards in one moment are two tunes, one after the other; a queue of them would lag behind the hands.
    const begin = Math.min(Math.max(context.currentTime, this.freeAt), context.currentTime + LONGEST_WAIT_S);
    this.freeAt = begin + Math.max(...TUNES[tone].map((note) => note.at + note.for)) + GAP_S;
    for (const note of TUNES[tone]) {
      const start = begin + note.at;
      const source = new OscillatorNode(context, { type: note.shape, frequency: note.hz });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setTargetAtTime(note.shape === "square" ? 0.25 : 0.5, start, 0.008);
      volume.gain.setTargetAtTime(0, start + note.for, 0.02);
      source.connect(volume).connect(context.destination);
      source.start(start);
      source.stop(start + note.for + 0.2);
    }
  }
}
