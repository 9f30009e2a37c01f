// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { noticeLeaving } from "../src/leader/leaving";
import { ageOf, inOrder, Queue, send, wireQueue, type Kept } from "../src/leader/queue";

const URL_ = "https://center.test/l/secret/tell/";
const kept = (op: string, said: number, kind = "on_site"): Kept => ({ op, url: URL_, kind, said, fields: { text: "はい" } });

function answers(...all: (Response | "nobody")[]): FormData[] {
  const sent: FormData[] = [];
  vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
    sent.push(body);
    const next = all.shift() ?? "nobody";
    return next === "nobody" ? Promise.reject(new TypeError("offline")) : Promise.resolve(next);
  });
  return sent;
}

describe("what a leader tells without a signal", () => {
  it("waits in the order it was told, of its own sheet only, however old it seems", async () => {
    const queue = await Queue.open("order");
    for (const one of [kept("b", 1_000), kept("a", 2_000), { ...kept("c", 2_500), url: "https://center.test/l/other/tell/" }]) {
      await queue.keep(one);
    }
    expect((await queue.waiting(URL_)).map(({ op }) => op)).toEqual(["b", "a"]);
    expect((await queue.waiting()).map(({ op }) => op)).toEqual(["b", "a", "c"]);
  });

  it("is as old as the phone's clock says, unless that was set meanwhile", () => {
    const year = 365 * 24 * 3600_000;
    const told = kept("a", 1_000);
    expect(ageOf(told, 1_000 + 26 * 3600_000, 0)).toBe(26 * 3600_000); // the phone lay switched off for a day
    expect(ageOf(told, 1_000 + 7 * year, 0)).toBe(0); // put right when the signal came back
    expect(ageOf(told, 500, 0)).toBe(0); // set back
  });

  it("is sent with how long ago it was told, whatever the phone's clock says", async () => {
    const sent = answers(new Response(JSON.stringify({ said: "on_site" })));
    expect(await send(kept("a", 1_000), 61_000)).toEqual({ told: "on_site" });
    expect(Object.fromEntries(sent[0]!.entries())).toEqual({ text: "はい", kind: "on_site", op: "a", age_ms: "60000" });
  });

  it.each([
    ["nobody" as const, "no answer"],
    [new Response("", { status: 502 }), "no answer"],
    [new Response("", { status: 500 }), "in trouble"],
    [new Response("{}", { status: 429 }), "no answer"],
    [new Response("{}", { status: 422 }), "look again"],
    [new Response(JSON.stringify({ refusal: "まだ出発前です。" }), { status: 409 }), { refusal: "まだ出発前です。" }],
  ])("knows an answer from silence (%#)", async (answer, expected) => {
    answers(answer);
    expect(await send(kept("a", 0), 0)).toEqual(expected);
  });
});

describe("the order of sending", () => {
  it("is help first, then as it was told, photos in the end", () => {
    const photo = { ...kept("p", 1, "photo"), photo: new ArrayBuffer(1) };
    const all = [photo, kept("a", 2, "on_site"), kept("b", 3, "extra"), kept("n", 4, "recall_safe"), kept("i", 5, "injury"), kept("s", 6, "sos")];
    expect(inOrder(all).map(({ op }) => op)).toEqual(["s", "i", "n", "a", "b", "p"]);
  });
});

describe("the leader's page", () => {
  beforeEach(() => {
    document.body.innerHTML = `<div data-queue="/l/secret/tell/"></div>
      <form method="post" data-tell="extra"><input name="text" value="庭の草むしり"><button>センターに聞く</button></form>`;
  });

  it("keeps what could not be sent, says so, and sends it when the signal is back", async () => {
    const sent = answers("nobody", new Response(JSON.stringify({ said: "told" })));
    wireQueue(document);
    document.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(document.querySelector("[data-unsent]")?.textContent).toContain("まだ送れていません（1件）"));
    expect(document.body.textContent).toContain("ほかの作業を頼まれた");
    window.dispatchEvent(new Event("online"));
    await vi.waitFor(() => expect(document.querySelector("[data-unsent]")).toBeNull());
    expect(sent.map((form) => form.get("text"))).toEqual(["庭の草むしり", "庭の草むしり"]);
    expect(sent[0]!.get("op")).toBe(sent[1]!.get("op"));
  });

  it("does not offer again to say that the team has left, while that waits", async () => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = '<div data-queue="/l/left/tell/"></div><form method="post" data-tell="gone"><button>もう出発しています</button></form>';
    answers();
    wireQueue(page);
    const form = page.querySelector("form")!;
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")?.textContent).toContain("もう出発しています"));
    expect(form.hidden).toBe(true);
    const queue = await Queue.open();
    for (const { op } of await queue.waiting()) await queue.forget(op);
  });

  it("keeps how long the team waited at a dump site like the rest", async () => {
    const page = document.implementation.createHTMLDocument(); // nothing of the tests before listens to it
    page.body.innerHTML = `<div data-queue="/l/dump/tell/"></div>
      <form method="post" action="/l/dump/tell/" data-tell="dump"><input type="hidden" name="op" value="old"><input type="hidden" name="site" value="7"><input name="minutes" value="25"><button>待ち時間を伝える</button></form>`;
    const sent = answers("nobody", new Response(JSON.stringify({ said: "told" })));
    wireQueue(page);
    page.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")?.textContent).toContain("仮置場の待ち時間"));
    window.dispatchEvent(new Event("online"));
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")).toBeNull());
    expect(sent.map((form) => [form.get("kind"), form.get("site"), form.get("minutes")])).toEqual([
      ["dump", "7", "25"],
      ["dump", "7", "25"],
    ]);
    expect(sent[0]!.get("op")).toBe(sent[1]!.get("op"));
    expect(sent[0]!.get("op")).not.toBe("old");
  });

  it.each([true, false])("goes to the answer's page unless a link was tapped since (%s)", async (tapped) => {
    let answer: ((response: Response) => void) | undefined;
    vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
    const went = vi.spyOn(location, "href", "set").mockImplementation(() => undefined);
    document.body.insertAdjacentHTML("beforeend", '<a href="#report">報告する</a>');
    wireQueue(document);
    noticeLeaving(document);
    const queue = await Queue.open();
    document.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(answer).toBeDefined());
    expect(await queue.waiting()).toHaveLength(1);
    if (tapped) document.querySelector("a")!.click();
    answer!(new Response(JSON.stringify({ said: "on_site" })));
    await vi.waitFor(async () => expect(await queue.waiting()).toHaveLength(0));
    await new Promise((resolve) => setTimeout(resolve));
    expect(went.mock.calls.length).toBe(tapped ? 0 : 1);
    went.mockRestore();
    delete document.documentElement.dataset["leaving"];
  });

  const REPORT = '<form method="post" data-tell="report"><input type="radio" name="outcome" value="completed"><textarea name="text"></textarea></form>';

  it.each([
    ["an arrival that was told before does not take a report away", "on_site", REPORT, 0],
    ["the report itself leads to the leader's page", "report", REPORT, 1],
    ["nobody is at anything", "on_site", "", 1],
  ])("%s", async (_, kind, form, times) => {
    const queue = await Queue.open();
    for (const { op } of await queue.waiting()) await queue.forget(op);
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = `<div data-queue="/l/writing/tell/" data-then="/l/writing/"></div>${form}`;
    await queue.keep({ ...kept("w", Date.now(), kind), url: new URL("/l/writing/tell/", location.href).href });
    answers(new Response(JSON.stringify({ said: kind })));
    const went = vi.spyOn(location, "href", "set").mockImplementation(() => undefined);
    wireQueue(page);
    await vi.waitFor(async () => expect(await queue.waiting()).toHaveLength(0));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(went.mock.calls.length).toBe(times);
    if (!times) expect(page.querySelector("[role=status]")?.textContent).toBe("「着きました」は、センターに届きました。");
    went.mockRestore();
  });

  it("stays where the leader writes on while an arrival is on its way, and does not offer to tell it again", async () => {
    const queue = await Queue.open();
    for (const { op } of await queue.waiting()) await queue.forget(op);
    let answer: ((response: Response) => void) | undefined;
    vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
    const went = vi.spyOn(location, "href", "set").mockImplementation(() => undefined);
    document.body.innerHTML = `<div data-queue="/l/secret/tell/"></div><form method="post" data-tell="on_site"><button>着きました</button></form>
      <form method="post" data-tell="extra"><input name="text"></form>`;
    wireQueue(document);
    document.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(answer).toBeDefined());
    document.querySelector("input")!.focus();
    answer!(new Response(JSON.stringify({ said: "on_site" })));
    await vi.waitFor(() => expect(document.querySelector("[role=status]")?.textContent).toBe("「着きました」は、センターに届きました。"));
    await vi.waitFor(() => expect(document.querySelector("form")!.hidden).toBe(true));
    expect(went).not.toHaveBeenCalled();
    went.mockRestore();
  });

  it("opens the report here when its own page would not come", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(new Response('<main><form method="post" data-tell="report"><input name="people" value="2"></form></main>')),
    );
    document.body.innerHTML = '<div data-queue="/l/secret/tell/"></div><a href="/l/secret/report/" data-form-here>報告する</a>';
    wireQueue(document);
    const link = document.querySelector("a")!;
    await vi.waitFor(() => expect(link.dataset["formHere"]).toBe("ready"));
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    link.dispatchEvent(new Event("click", { bubbles: true, cancelable: true }));
    expect(document.querySelector("[data-queue] + form[data-tell=report] input")).not.toBeNull();
  });
});

describe("what the center does not take", () => {
  const notTaken = { refusal: "1班は、取りやめになっています。" };

  it("stays on the page with its words, also when others went through, until it is put away", async () => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = '<div data-queue="/l/refused/tell/"></div>';
    const url = new URL("/l/refused/tell/", location.href).href;
    const queue = await Queue.open();
    const report = { text: "床下の泥を全部出した", remaining: "畳", outcome: "continuing" };
    await queue.keep({ ...kept("r-report", Date.now() - 2000, "report"), url, fields: report });
    await queue.keep({ ...kept("r-leaving", Date.now() - 1000, "leaving"), url });
    const sent: string[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
      sent.push(String(body.get("op")));
      const refused = body.get("op") === "r-report";
      return Promise.resolve(new Response(JSON.stringify(refused ? notTaken : { said: "leaving" }), { status: refused ? 409 : 200 }));
    });
    const went = vi.spyOn(location, "href", "set").mockImplementation(() => undefined);
    wireQueue(page);
    await vi.waitFor(() => expect(went).toHaveBeenCalled()); // the page goes on, and comes again:
    const again = document.implementation.createHTMLDocument();
    again.body.innerHTML = '<div data-queue="/l/refused/tell/"></div>';
    wireQueue(again);
    await vi.waitFor(() => expect(again.querySelector("[data-refused]")?.textContent).toContain("取りやめになっています"));
    expect(again.querySelector("[data-refused]")?.textContent).toContain("床下の泥を全部出した　畳");
    expect(sent.filter((op) => op === "r-report")).toHaveLength(1);
    expect(await queue.waiting(url)).toHaveLength(0);
    again.querySelector<HTMLButtonElement>("[data-refused] button")!.click();
    await vi.waitFor(() => expect(again.querySelector("[data-refused]")).toBeNull());
    expect(await queue.all(url)).toHaveLength(0);
    went.mockRestore();
  });
});

describe("a call for help", () => {
  it("says first, while it waits, that nobody knows of it and to telephone; a report that waits does not", async () => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = '<div data-queue="/l/alone/tell/"></div><form method="post" data-tell="sos"></form>';
    const url = new URL("/l/alone/tell/", location.href).href;
    const queue = await Queue.open();
    await queue.keep({ ...kept("t-report", Date.now() - 1000, "report"), url });
    answers(); // nobody
    vi.stubGlobal("navigator", { onLine: false });
    wireQueue(page);
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")?.textContent).toMatch(/^まだ送れていません（1件）/));
    expect(page.querySelector("[role=alert]")).toBeNull();
    page.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(page.querySelector("[role=alert]")?.textContent).toMatch(/^「助けを求める」は、まだセンターに届いていません。いますぐ電話して/));
    expect(page.querySelector("[data-unsent]")?.textContent).toContain("まだ送れていません（2件）");
    for (const { op } of await queue.waiting(url)) await queue.forget(op);
    vi.unstubAllGlobals();
  });

  it("brings its place also while other records wait", async () => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = `<div data-queue="/l/sos/tell/"></div><form method="post" data-tell="sos"><input name="text" value=""></form>`;
    const url = new URL("/l/sos/tell/", location.href).href;
    const queue = await Queue.open();
    await queue.keep({ ...kept("s-arrived", Date.now() - 1000, "on_site"), url });
    const sent: FormData[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
      sent.push(body);
      return body.get("lat") ? Promise.resolve(new Response('{"said":"told"}')) : Promise.reject(new TypeError("offline"));
    });
    const coords = { latitude: 38.3, longitude: 141 };
    vi.stubGlobal("navigator", { onLine: false, geolocation: { getCurrentPosition: (ok: (at: unknown) => void) => ok({ coords }) } });
    wireQueue(page);
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")).not.toBeNull());
    page.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await vi.waitFor(() => expect(sent.some((form) => form.get("kind") === "sos" && form.get("lat") === "38.3")).toBe(true));
    await vi.waitFor(async () => expect((await queue.waiting(url)).map(({ kind }) => kind)).toEqual(["on_site"]));
    vi.unstubAllGlobals();
  });
});

describe("a record that the server breaks on", () => {
  it("holds up nothing behind it", async () => {
    document.body.innerHTML = '<div data-queue="/l/poison/tell/"></div>';
    const url = new URL("/l/poison/tell/", location.href).href;
    const queue = await Queue.open();
    await queue.keep({ ...kept("a-poison", Date.now() - 2000, "extra"), url });
    await queue.keep({ ...kept("b-later", Date.now() - 1000, "leaving"), url });
    const sent: string[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => {
      sent.push(String(body.get("op")));
      return Promise.resolve(body.get("op") === "a-poison" ? new Response("", { status: 500 }) : new Response('{"said":"leaving"}'));
    });
    wireQueue(document);
    await vi.waitFor(() => expect(sent).toContain("b-later"));
    await vi.waitFor(async () => expect((await queue.waiting(url)).map(({ op }) => op)).toEqual(["a-poison"]));
    expect(document.body.textContent).toContain("まだ送れていません（1件）");
  });
});

describe("while a photo goes through a slow line", () => {
  const sheet = async (): Promise<{ page: Document; sent: FormData[] }> => {
    const queue = await Queue.open();
    for (const { op } of await queue.waiting()) await queue.forget(op);
    const url = new URL("/l/slow/tell/", location.href).href;
    await queue.keep({ ...kept("photo", Date.now() - 1000, "photo"), url, photo: new ArrayBuffer(1) });
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = `<div data-queue="/l/slow/tell/"></div>
      ${["sos", "later"].map((kind) => `<form method="post" data-tell="${kind}"><input name="text" value="はい"></form>`).join("")}`;
    const sent: FormData[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: FormData }) => new Promise(() => sent.push(body))); // never ends
    wireQueue(page);
    await vi.waitFor(() => expect(sent.map((form) => form.get("kind"))).toEqual(["photo"]));
    return { page, sent };
  };
  const press = (page: Document, kind: string): unknown =>
    page.querySelector(`[data-tell=${kind}]`)!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));

  it("whoever needs help does not wait behind it", async () => {
    const { page, sent } = await sheet();
    press(page, "sos");
    await vi.waitFor(() => expect(sent.map((form) => form.get("kind"))).toEqual(["photo", "sos"]));
  });

  it("anything else waits, and is shown to wait", async () => {
    const { page, sent } = await sheet();
    press(page, "later");
    await vi.waitFor(() => expect(page.querySelector("[data-unsent]")?.textContent).toContain("時間をのばしたい"));
    expect(sent.map((form) => form.get("kind"))).toEqual(["photo"]);
  });
});
