let lastMs = 0;
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time, a 12-bit counter that keeps the order within a millisecond,
 * 62 random bits. `crypto.randomUUID` does not exist on plain http; `getRandomValues` does.
 */
export function uuid7(now: number = Date.now()): string {
  if (now > lastMs) {
    lastMs = now;
    counter = random(2)[0]! & 0x0f; // room to count up
  } else {
    counter += 1;
    if (counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
  }
  const bytes = random(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(lastMs / 2 ** 32));
  view.setUint32(2, lastMs % 2 ** 32);
  view.setUint16(6, 0x7000 | counter);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

/** The lowest UUIDv7 of a moment (ms): what was made since sorts after it. */
export function uuid7Floor(moment: number): string {
  const text = Math.max(0, Math.floor(moment)).toString(16).padStart(12, "0");
  return `${text.slice(0, 8)}-${text.slice(8)}-7000-8000-000000000000`;
}

function random(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
