import { beforeEach, describe, expect, it, vi } from "vitest";
import { IDLE_MS, Operators, type Face, type Operator } from "../src/field/operators";
import { pinKey, proofOf, verifierOf } from "../src/field/pin";
import { toHex } from "../src/field/ed25519";
import { TryCounter } from "../src/field/tries";

// scrypt is slow on purpose, and slower on a machine that does something else as well.
vi.setConfig({ testTimeout: 60_000 });

const DEVICE = { device_id: "01890000-0000-7000-8000-000000000001", secret: "s", name: "受付1", epoch: 1 };
const CARD = "00112233445566778899aabbccddeeff";
const FACE: Face = { cardId: CARD, prefix: CARD.slice(0, 16), text: "VC1…" };
const PIN = "4071";
const START = Date.parse("2026-07-18T09:00:00+09:00");

class Memory implements Storage {
  [name: string]: unknown;
  private readonly held = new Map<string, string>();
  get length(): number {
    return this.held.size;
  }
  clear(): void {
    this.held.clear();
  }
  key(): string | null {
    return null;
  }
  getItem(key: string): string | null {
    return this.held.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.held.set(key, value);
  }
  removeItem(key: string): void {
    this.held.delete(key);
  }
  everything(): string {
    return JSON.stringify([...this.held]);
  }
}

let local: Memory;
let session: Memory;
let now: number;
let verifier: string;
let key: Uint8Array | undefined;
let server: (url: string, body: string) => { status: number; body: unknown } | "no network";

const offline = (): "no network" => "no network";

function operator(changed: Partial<Operator> = {}): Operator {
  return { badge: FACE.prefix, user: 7, name: "髙﨑 𠮷美", verifier, ends_at: null, ...changed };
}

/** The list comes through; signing in gets no answer. */
function listing(...operators: Operator[]): typeof server {
  return (url) => (url === "/list" ? { status: 200, body: { operators } } : "no network");
}

async function desk(pageActor: { user: number; name: string } | null = null): Promise<Operators> {
  const made = new Operators({
    listUrl: "/list", signInUrl: "/in", pageActor, local, session, now: () => now,
    fetch: (url, init) => {
      const answer = server(String(url), String(init?.body ?? ""));
      if (answer === "no network") return Promise.reject(new TypeError("no network"));
      return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status, headers: { ETag: '"1"' } }));
    },
  });
  made.use(DEVICE);
  await made.refresh();
  return made;
}

beforeEach(async () => {
  local = new Memory();
  session = new Memory();
  now = START;
  key ??= await pinKey(PIN, CARD);
  verifier = verifierOf(key, DEVICE.device_id);
  server = offline;
});

describe("PIN and badge", () => {
  it("come to the same as on the server (tests/intake/operators/test_operators.py)", async () => {
    const key = await pinKey(PIN, CARD);
    expect(toHex(key).slice(0, 16)).toBe("3ac74b1f901f5e7b");
    expect(verifierOf(key, DEVICE.device_id).slice(0, 16)).toBe("210b480617c80ea6");
    expect(proofOf(key, DEVICE.device_id).slice(0, 16)).toBe("f28b7ec1dbe030e1");
  });
});

describe("on the unencrypted line", () => {
  it("a badge and its PIN are never sent, not even to be refused, and a sentence says what to do", async () => {
    const asked: string[] = [];
    const made = new Operators({
      listUrl: "", signInUrl: "", pageActor: null, local, session, now: () => now,
      fetch: (url) => {
        asked.push(String(url));
        return Promise.reject(new TypeError("no network"));
      },
    });
    made.use(DEVICE);
    expect(await made.refresh()).toBe(false);
    const outcome = await made.signIn(FACE, PIN);
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).toContain("担当者なしのまま");
    expect([asked, made.locked]).toEqual([[], false]);
  });
});

describe("without a network", () => {
  it("a badge and its PIN make the operator, and the PIN is kept nowhere", async () => {
    server = listing(operator());
    const operators = await desk();
    expect(operators.locked).toBe(true);
    server = offline;
    expect(await operators.signIn(FACE, PIN)).toEqual({ ok: true });
    expect(operators.current).toEqual({ user: 7, name: "髙﨑 𠮷美", badge: FACE.prefix });
    expect(operators.locked).toBe(false);
    expect(local.everything() + session.everything()).not.toContain(`"${PIN}"`);
    expect(local.everything()).not.toContain(CARD);
  });

  it("a wrong PIN five times closes the door for a minute, and the right one then waits too", async () => {
    server = listing(operator());
    const operators = await desk();
    server = offline;
    const before = new TryCounter(local, () => now);
    for (let i = 0; i < 3; i += 1) before.wrong(FACE.prefix);
    expect(await operators.signIn(FACE, "8026")).toMatchObject({ ok: false, again: true });
    expect(await operators.signIn(FACE, "8026")).toMatchObject({ ok: false, say: expect.stringContaining("60秒") });
    expect(await operators.signIn(FACE, PIN)).toMatchObject({ ok: false });
    now += 61_000;
    expect(await operators.signIn(FACE, PIN)).toEqual({ ok: true });
  });

  it("a badge this tablet was never told of has to wait for a network", async () => {
    const operators = await desk();
    expect(await operators.signIn(FACE, PIN)).toMatchObject({ ok: false, say: expect.stringContaining("つながるところで") });
  });

  it("a rotation that has ended is over, network or not", async () => {
    server = listing(operator({ ends_at: "2026-07-18T08:59:00+09:00" }));
    const operators = await desk();
    server = offline;
    expect(await operators.signIn(FACE, PIN)).toMatchObject({ ok: false, say: expect.stringContaining("期限") });
  });
});

describe("with a network", () => {
  it("the server's no counts, whatever the tablet knows", async () => {
    server = listing(operator());
    const operators = await desk();
    server = () => ({ status: 409, body: { code: "operator.badge_ended", text: "この職員証は使えなくなっています。" } });
    expect(await operators.signIn(FACE, PIN)).toMatchObject({ ok: false, say: "この職員証は使えなくなっています。" });
  });

  it("the PIN itself is never sent", async () => {
    const sent: string[] = [];
    server = (url, body) => {
      sent.push(body);
      return { status: 200, body: url === "/list" ? { operators: [] } : operator() };
    };
    const operators = await desk();
    expect(await operators.signIn(FACE, PIN)).toEqual({ ok: true });
    expect(sent.join()).not.toContain(PIN);
  });

  it("somebody new to this tablet is known afterwards without a network", async () => {
    server = (url) => ({ status: 200, body: url === "/list" ? { operators: [] } : operator() });
    const operators = await desk();
    await operators.signIn(FACE, PIN);
    operators.lock();
    server = offline;
    expect(await operators.signIn(FACE, PIN)).toEqual({ ok: true });
  });
});

describe("who is at the tablet", () => {
  it("an idle tablet locks, keeps who it was, and a PIN alone opens it", async () => {
    server = listing(operator());
    const operators = await desk();
    server = offline;
    await operators.signIn(FACE, PIN);
    now += IDLE_MS + 1;
    expect(operators.lockIfIdle()).toBe(true);
    expect(operators.locked).toBe(true);
    expect(operators.current?.user).toBe(7);
    expect(await operators.signIn(operators.remembered!, PIN)).toEqual({ ok: true });
  });

  it("a reload keeps the operator; after a long time it asks again", async () => {
    server = listing(operator());
    await (await desk()).signIn(FACE, PIN);
    now += 60_000;
    expect((await desk()).locked).toBe(false);
    now += IDLE_MS;
    expect((await desk()).locked).toBe(true);
  });

  it("whoever is no longer on the list is signed out with the next answer, not by a missing one", async () => {
    server = listing(operator());
    const operators = await desk();
    server = offline;
    await operators.signIn(FACE, PIN);
    expect(await operators.refresh()).toBe(false);
    server = listing(operator({ badge: "ffffffffffffffff", user: 8 }));
    expect(await operators.refresh()).toBe(true);
    expect(operators.current).toBeNull();
    expect(operators.locked).toBe(true);
  });

  it("a revoked device's 403 leaves the operator as it is", async () => {
    server = listing(operator());
    const operators = await desk();
    await operators.signIn(FACE, PIN);
    server = () => ({ status: 403, body: {} });
    expect(await operators.refresh()).toBe(false);
    expect(operators.current?.user).toBe(7);
  });

  it("a center without badges works with whoever is signed in to the site, or with nobody", async () => {
    server = listing();
    expect((await desk({ user: 3, name: "伊藤 恵" })).current?.user).toBe(3);
    const nobody = await desk();
    expect(nobody.locked).toBe(false);
  });

  it("somebody else who signs in to the site is at the tablet then", async () => {
    server = listing(operator());
    const first = await desk({ user: 3, name: "伊藤 恵" });
    await first.signIn(FACE, PIN);
    expect((await desk({ user: 3, name: "伊藤 恵" })).current?.user).toBe(7);
    expect((await desk({ user: 4, name: "千葉 学" })).current?.user).toBe(4);
  });
});

describe("the tries", () => {
  it("cost twice as long each time, up to half an hour, and a right PIN forgives", () => {
    const tries = new TryCounter(local, () => now);
    const waits = Array.from({ length: 12 }, () => tries.wrong("a"));
    expect(waits.slice(0, 7)).toEqual([0, 0, 0, 0, 60_000, 120_000, 240_000]);
    expect(waits.at(-1)).toBe(1_800_000);
    expect(tries.wait("b")).toBe(0);
    tries.right("a");
    expect(tries.wrong("a")).toBe(0);
  });
});
