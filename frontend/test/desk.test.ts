// @vitest-environment happy-dom
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startPolling } from "../src/board/poll";
import { wireOnce } from "../src/desk/once";
import { keepTyped } from "../src/leader/keep";

describe("a form that is sent once", () => {
  it("swallows the second tap, and a page from the history is usable again", () => {
    document.body.innerHTML = '<form data-once><button>出発</button></form>';
    wireOnce(document);
    const form = document.querySelector("form")!;
    const send = () => form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    expect([send(), send()]).toEqual([true, false]);
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(send()).toBe(true);
  });
});

describe("what a leader typed", () => {
  const page = '<form method="post" data-keep="report"><textarea name="note"></textarea><input type="hidden" name="csrf" value="x"></form>';

  beforeEach(() => sessionStorage.clear());

  function typeInto(text: string): void {
    document.body.innerHTML = page;
    keepTyped(document, sessionStorage);
    const field = document.querySelector("textarea")!;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  it("is there again after the page was lost, and gone once the server has it", () => {
    typeInto("床下の泥が半分残りました");
    document.body.innerHTML = page;
    keepTyped(document, sessionStorage);
    expect(document.querySelector("textarea")!.value).toBe("床下の泥が半分残りました");
    expect(sessionStorage.getItem("typed:report")).not.toContain("csrf");
    document.body.innerHTML = '<p data-confirmed="report">報告しました</p>';
    keepTyped(document, sessionStorage);
    expect(sessionStorage.length).toBe(0);
  });

  it("does not overwrite what came back from the server", () => {
    typeInto("古い文");
    document.body.innerHTML = page.replace("</textarea>", "新しい文</textarea>");
    keepTyped(document, sessionStorage);
    expect(document.querySelector("textarea")!.value).toBe("新しい文");
  });
});

describe("a board that keeps itself up to date", () => {
  let server: Server;
  let asked: string[];
  let status = 200;
  let part = "";

  beforeEach(async () => {
    asked = [];
    status = 200;
    part = "<p>128人</p>";
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(status, { "X-Version": "9" });
      response.end(status === 200 ? part : undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(`${origin}/board/`);
    document.body.innerHTML = `<div id="board" data-poll-url="/part/" data-version="8" data-poll-seconds="0.02"><input id="box"></div>`;
  });

  afterEach(async () => {
    document.body.innerHTML = "";
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const board = () => document.getElementById("board")!;
  const parts = () => asked.filter((url) => url.startsWith("/part/"));

  it("asks with its version and shows what is new", async () => {
    startPolling(board());
    await vi.waitFor(() => expect(board().innerHTML).toBe("<p>128人</p>"));
    await vi.waitFor(() => expect(parts().at(-1)).toBe("/part/?version=9"));
    expect(parts()[0]).toBe("/part/?version=8");
  });

  it("leaves the page alone on 204", async () => {
    status = 204;
    startPolling(board());
    await vi.waitFor(() => expect(parts().length).toBeGreaterThan(2));
    expect(board().querySelector("#box")).not.toBeNull();
  });

  it("does not swap while somebody types in it", async () => {
    startPolling(board());
    document.getElementById("box")!.focus();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(board().querySelector("#box")).not.toBeNull();
    document.getElementById("box")!.blur();
    await vi.waitFor(() => expect(board().innerHTML).toBe("<p>128人</p>"));
  });

  it("keeps ticks, and goes on while a tick has the focus", async () => {
    board().innerHTML = `<input type="checkbox" id="pick-1"><input type="checkbox" id="pick-2">`;
    part = `<p>新しい</p><input type="checkbox" id="pick-1"><input type="checkbox" id="pick-3">`;
    const box = document.getElementById("pick-1") as HTMLInputElement;
    box.checked = true;
    box.focus();
    startPolling(board());
    await vi.waitFor(() => expect(board().textContent).toBe("新しい"));
    expect((document.getElementById("pick-1") as HTMLInputElement).checked).toBe(true);
    expect((document.getElementById("pick-3") as HTMLInputElement).checked).toBe(false);
    expect(document.activeElement?.id).toBe("pick-1");
  });

  it("keeps open what was opened and closed what was closed; what is new stands as it came", async () => {
    board().innerHTML = `<details id="a" open></details><details id="b"></details>`;
    part = `<p>新しい</p><details id="a"></details><details id="b" open></details><details id="c" open></details>`;
    startPolling(board());
    await vi.waitFor(() => expect(board().textContent).toBe("新しい"));
    expect([...board().querySelectorAll("details")].map(({ open }) => open)).toEqual([true, false, true]);
  });

  it("says since when it stands still, and takes it back when answers come again", async () => {
    status = 500;
    startPolling(board());
    const line = () => document.querySelector<HTMLElement>("[role=alert]")!;
    await vi.waitFor(() => expect(line().hidden).toBe(false));
    expect(line().textContent).toMatch(/^更新が止まっています（\d+:\d\d:\d\d の時点の表示です）/);
    status = 200;
    await vi.waitFor(() => expect(line().hidden).toBe(true));
  });
});
