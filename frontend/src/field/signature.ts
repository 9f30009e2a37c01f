/* A field to write one's name in with a finger. Strokes are kept in thousandths of the field's width, so that they fit any screen. */

const NEAR = 4; // thousandths; closer points say nothing new
const MOST_POINTS = 1900;
const MOST_STROKES = 200;

export type Strokes = readonly (readonly number[])[];

export class SignatureField {
  private strokes: number[][] = [];
  private drawing = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly changed: (strokes: Strokes) => void,
  ) {
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.goOn(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.end());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(strokes: Strokes): void {
    this.strokes = strokes.map((stroke) => [...stroke]);
    this.draw();
  }

  clear(): void {
    this.strokes = [];
    this.draw();
    this.changed([]);
  }

  private begin(event: PointerEvent): void {
    if (this.strokes.length >= MOST_STROKES) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.strokes.push(this.at(event));
    this.draw();
  }

  private goOn(event: PointerEvent): void {
    const stroke = this.strokes.at(-1);
    if (!this.drawing || !stroke || stroke.length > MOST_POINTS) return;
    const [x = 0, y = 0] = this.at(event);
    const [beforeX = 0, beforeY = 0] = stroke.slice(-2);
    if (Math.abs(x - beforeX) < NEAR && Math.abs(y - beforeY) < NEAR) return;
    stroke.push(x, y);
    this.draw();
  }

  private end(): void {
    if (!this.drawing) return;
    this.drawing = false;
    this.changed(this.strokes.map((stroke) => [...stroke]));
  }

  private at(event: PointerEvent): number[] {
    const box = this.canvas.getBoundingClientRect();
    const scale = 1000 / box.width;
    return [Math.round((event.clientX - box.left) * scale), Math.round((event.clientY - box.top) * scale)];
  }

  private draw(): void {
    const { canvas } = this;
    const { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    const dots = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    const scale = canvas.width / 1000;
    pen.lineWidth = 3 * dots;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#17212b";
    for (const stroke of this.strokes) {
      pen.beginPath();
      for (let i = 0; i + 1 < stroke.length; i += 2) pen.lineTo((stroke[i] ?? 0) * scale, (stroke[i + 1] ?? 0) * scale);
      if (stroke.length === 2) pen.lineTo((stroke[0] ?? 0) * scale + 1, (stroke[1] ?? 0) * scale);
      pen.stroke();
    }
  }
}
