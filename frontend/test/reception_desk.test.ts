// @vitest-environment happy-dom
/* The reception's page beside the scans: its lists, its forms, its lock. */
import { afterEach, describe, expect, it } from "vitest";
import { ReceptionPage, closePages, snapshotOf } from "./reception_page";

afterEach(closePages);

describe("where the tablet stands", () => {
  it("lets go of the focus once it is chosen, so that a reader is heard", async () => {
    const desk = await ReceptionPage.open(await snapshotOf(["佐藤 花…"], { sites: [{ id: 1, name: "本部" }, { id: 2, name: "北" }] }));
    const choice = desk.part<HTMLSelectElement>("site");
    choice.focus();
    choice.value = "2";
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.activeElement).not.toBe(choice);
  });
});
