// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { wireOnce } from "../src/desk/once";
import { wireReach } from "../src/desk/reach";

const FORM = '<form method="post" data-once><input type="hidden" name="csrfmiddlewaretoken" value="old"><input name="name"><select name="method"><option>電話</option></select><div><button name="how" value="save">保存する</button></div></form>';

let sent: FormData[];
let server: () => Promise<Response>;
let open_ms: number; // how long the page has been open

/** The page of somebody who is signed in, unless `signedIn` says otherwise. */
function page(html: string, { signedIn = true } = {}): HTMLFormElement {
  const root = document.implementation.createHTMLDocument();
  root.body.innerHTML = html;
  root.body.dataset["reach"] = "/reach/";
  if (signedIn) root.body.dataset["signedIn"] = "";
  wireReach(root);
  wireOnce(root);
  // Whatever comes this far leaves the page.
  root.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    sent.push(new FormData(event.target as HTMLFormElement));
  });
  const form = root.querySelector("form")!;
  // As every browser has it: a field of that name hides what the form says.
  const field = form.querySelector("select[name=method]");
  if (field) Object.defineProperty(form, "method", { value: field });
  return form;
}

const answer = (sign_in: string) => (): Promise<Response> => Promise.resolve(new Response(JSON.stringify({ sign_in, csrf: sign_in ? "" : "new" })));

function type(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLInputElement>("[name=name]")!;
  field.value = "𠮷﨑 髙";
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function press(form: HTMLFormElement): void {
  form.querySelector("button")!.click();
}

const said = (form: HTMLFormElement): string => form.querySelector("[data-not-sent]")?.textContent ?? "";

beforeEach(() => {
  sent = [];
  server = answer("");
  open_ms = 5 * 60_000;
  vi.spyOn(performance, "now").mockImplementation(() => open_ms);
  vi.stubGlobal("fetch", vi.fn(() => server()));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a form somebody has typed into", () => {
  it("stays with its words while the server does not answer, and goes at the next press", async () => {
    const form = page(FORM);
    type(form);
    for (const gone of [() => Promise.reject(new TypeError("no network")), () => Promise.resolve(new Response("", { status: 502 }))]) {
      server = gone;
      press(form);
      await vi.waitFor(() => expect(said(form)).toContain("まだ送っていません"));
      form.querySelector("[data-not-sent]")!.remove();
    }
    press(form);
    await vi.waitFor(() => expect(said(form)).toContain("サーバーにつながりません"));
    expect(sent).toEqual([]);
    server = answer("");
    press(form);
    await vi.waitFor(() => expect(sent.length).toBe(1));
    expect(sent[0]!.get("name")).toBe("𠮷﨑 髙");
    expect(said(form)).toBe("");
  });

  it("shows whom the server has forgotten where to sign in, and goes with the token of the new session", async () => {
    const form = page(FORM);
    type(form);
    server = answer("/sign-in/");
    press(form);
    await vi.waitFor(() => expect(said(form)).toContain("サインインが切れています"));
    expect(form.querySelector<HTMLAnchorElement>("[data-not-sent] a")!.getAttribute("href")).toBe("/sign-in/");
    server = answer("");
    press(form);
    await vi.waitFor(() => expect(sent.length).toBe(1));
    expect(sent[0]!.get("csrfmiddlewaretoken")).toBe("new");
  });

  it("keeps its words from the first second on, when another page has signed out whoever wrote them", async () => {
    open_ms = 5_000;
    const form = page(FORM);
    type(form);
    server = answer("/sign-in/");
    press(form);
    await vi.waitFor(() => expect(said(form)).toContain("サインインが切れています"));
    expect(sent).toEqual([]);
  });

  it("goes once however often it is pressed, and from a page for everybody without signing in", async () => {
    server = answer("/sign-in/");
    const form = page(FORM, { signedIn: false });
    type(form);
    press(form);
    press(form);
    await vi.waitFor(() => expect(sent.length).toBe(1));
    press(form);
    await new Promise((done) => setTimeout(done));
    expect(sent.length).toBe(1);
  });
});

it("keeps a mere button back on a device without a network, and says so beside it", async () => {
  vi.stubGlobal("navigator", { onLine: false });
  server = () => Promise.reject(new TypeError("no network"));
  const form = page(FORM);
  press(form);
  await vi.waitFor(() => expect(said(form)).toContain("まだ送っていません"));
  expect(sent).toEqual([]);
});

it("lets a form go at once that nobody has typed into, what a page just brought, and what has a way of its own", () => {
  const ask = vi.mocked(fetch);
  press(page(FORM));
  open_ms = 10_000;
  const quick = page(FORM, { signedIn: false });
  type(quick);
  press(quick);
  const ticked = page(FORM);
  ticked.querySelector("select")!.dispatchEvent(new Event("change", { bubbles: true }));
  press(ticked);
  open_ms = 5 * 60_000;
  for (const own of ['data-tell="sos"', 'hx-post="/x/"', 'method="get"']) {
    const form = page(FORM.replace("data-once", own).replace(/method="post"(.*method)/, "$1"));
    type(form);
    press(form);
  }
  expect(sent.length).toBe(6);
  expect(ask).not.toHaveBeenCalled();
});
