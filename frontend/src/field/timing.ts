/*
 * How long a person waits: from the frame that decodes (or the reader's last key) to the verdict on the screen.
 * Kept as performance measures, for the bench and for whoever opens the browser's profiler.
 */
const KEPT = 400;

export type Answer = "scan-to-tablet" | "scan-to-server";

export class Timing {
  private readonly started = new Map<string, number>();

  /** The op `opId` began with what was scanned at `start` (ms of `performance.now()`). */
  begin(opId: string, start: number): void {
    this.started.set(opId, start);
    if (this.started.size > KEPT) this.started.delete(this.started.keys().next().value!);
  }

  /** The answer to `opId` is drawn: measure once it is painted. An op that was not scanned is not measured. */
  painted(opId: string, answer: Answer): void {
    const start = this.started.get(opId);
    if (start === undefined) return;
    if (answer === "scan-to-server") this.started.delete(opId);
    requestAnimationFrame(() => {
      // The frame is drawn after this callback; a message comes after that.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        if (performance.getEntriesByType("measure").length >= KEPT) performance.clearMeasures();
        performance.measure(answer, { start, end: performance.now(), detail: opId });
      };
      port2.postMessage(null);
    });
  }
}
