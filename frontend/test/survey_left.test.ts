// @vitest-environment happy-dom
/* What a survey tablet still holds, in words: of a stopped one, and of one that nobody's list names any more. */
import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { SurveyDay } from "../src/field/survey_day";
import { localDay } from "../src/field/facts";
import { drawLeft, leftWords } from "../src/field/survey_left";
import { SurveyShelf, type Day, type Draft, type Visit } from "../src/field/survey_shelf";

const DRAFT: Draft = {
  appointment: 5, need: 7, number: 12, operation: 1, form: { rooms: "2" }, photos: [{ sent: "a".repeat(64), caption: "" }], signature: [],
  written: "2026-07-18T14:05:00",
};

describe("a stopped survey tablet", () => {
  it("says what is still on it and what to do, until nothing is", () => {
    expect(leftWords({ records: 1, photos: 2, drafts: 0 }, true)).toBe(
      "記録 1件と写真 2枚が、まだこの端末にあります。電源を入れたまま、つながるところに置いてください。センターに預けられます。",
    );
    expect(leftWords({ records: 0, photos: 2, drafts: 1 }, true)).toMatch(/写真 2枚が、まだ.*書きかけの調査票が1件あります。下の一覧の「続きを書く」から「調査を終える」/);
    expect(leftWords({ records: 0, photos: 0, drafts: 0 }, true)).toBe("記録も写真も、ぜんぶセンターに預けました。この端末を、班長かセンター長に渡してください。");
  });

  it("is not mistaken for one that only has to be registered again", () => {
    expect(leftWords({ records: 0, photos: 1, drafts: 1 }, false)).toBe("写真 1枚と書きかけの調査票 1件が、この端末に残っています。消えません。登録し直すと送れます。");
    const page = document.createElement("div");
    page.innerHTML = "<p data-blocked-title></p><p data-blocked-text></p><p data-left></p>";
    drawLeft(page, { kind: "blocked", text: "", stored: true }, { records: 0, photos: 0, drafts: 0 });
    expect(page.textContent).toContain("この端末は使用停止です");
    drawLeft(page, { kind: "blocked", text: "" }, { records: 1, photos: 0, drafts: 0 });
    expect(page.textContent).toContain("登録し直すと送れます");
  });
});

describe("a sheet that is on nobody's list of today", () => {
  it("can be gone on with or thrown away", async () => {
    const page = document.createElement("div");
    page.innerHTML = ["day-round", "day-fresh", "day-say", "visits", "other-drafts", "other-drafts-box"].map((name) => `<div data-${name}></div>`).join("");
    const shelf = await SurveyShelf.open("left");
    const open = vi.fn();
    const drop = vi.fn();
    const day = new SurveyDay(page, shelf, { open, drop });
    await day.draw(3, 1, [], [DRAFT, { ...DRAFT, appointment: 6, operation: 2 }]);
    const rows = [...page.querySelectorAll("[data-other-drafts] > li")];
    expect(rows.map((row) => row.textContent)).toEqual(["N127月18日 14:05 に書いたもの　写真 1枚続きを書く要らないときこの調査票と写真を消す"]);
    const [go, away] = [...rows[0]!.querySelectorAll("button")];
    go!.click();
    expect(open).toHaveBeenCalledWith(expect.objectContaining({ appointment: 5, need: 7, number: 12 }));
    away!.click();
    expect(drop).toHaveBeenCalledWith(5);
    await day.draw(3, 1, [], []);
    expect(page.querySelector<HTMLElement>("[data-other-drafts-box]")?.hidden).toBe(true);
    shelf.close();
  });
});

describe("a sheet half written of a house that is done meanwhile", () => {
  it("is gone on with from the list of the day", async () => {
    const page = document.createElement("div");
    page.innerHTML = ["day-round", "day-fresh", "day-say", "visits", "other-drafts", "other-drafts-box"].map((name) => `<div data-${name}></div>`).join("");
    const shelf = await SurveyShelf.open("done meanwhile");
    const visit: Visit = {
      appointment: 5, need: 7, number: 12, state: "done", window: "9:00～12:00", note: "", road: null, misses: 0, name: "", kana: "", phones: [],
      town: "", address: "", landmark: "", lat: null, lng: null, summary: "", description: "", health_note: "", hazards: [], crisis: false,
    } as unknown as Visit;
    await shelf.keepDay({ operation: 1, actor: 3, on: localDay(new Date()), etag: "", content: { rounds: [], visits: [visit] } as unknown as Day });
    const day = new SurveyDay(page, shelf, { open: vi.fn(), drop: vi.fn() });
    await day.draw(3, 1, [], [DRAFT]);
    expect(page.querySelector("[data-visits] button")?.textContent).toBe("続きを書く");
    await day.draw(3, 1, [], []);
    expect(page.querySelector("[data-visits] button")?.textContent).toBe("開く");
    shelf.close();
  });
});
