import { describe, expect, it } from "vitest";
import type { Kind, Payload, Tools } from "../src/field/protocol";
import type { Entry } from "../src/field/shelf";
import { say } from "../src/field/snapshot";
import { ToolStock } from "../src/field/tool_stock";

const TOOLS: Tools = {
  kinds: [{ code: "shovel", label: "角スコップ" }],
  teams: [
    { id: 1, name: "1班", out: false, leader: "佐藤 花", offer: { shovel: 3 }, has: { shovel: 2 } },
    { id: 2, name: "2班", out: true, leader: "鈴木 一", offer: {}, has: {} },
  ],
  items: [{ id: 7, name: "チェーンソー 1号", tool: "chainsaw", site: 1, prefix: "00ff", code: "AB3D7K2M", condition: "fine", with: "2班" }],
  stock: { "1": { shovel: 4 }, "2": { shovel: 1 } },
};

function entry(op_id: string, kind: Kind, payload: Payload, tone: "ok" | "stop" = "ok"): Entry {
  const verdict = { ...say(null, "recorded"), tone };
  const op = { op_id, seq: 1, actor: null, operation: 1, kind, v: 1, t_wall: "2026-07-18T00:00:00Z", t_mono: 0, boot_id: "b", lane: "", base: {}, payload, mode: "offline" } as const;
  return { op_id, seq: 1, op, state: "saved", queued: 1, verdict, result: null, look: 0 };
}

const saw = TOOLS.items[0]!;

describe("which tool is where", () => {
  it("begins with the snapshot", () => {
    const stock = new ToolStock(TOOLS);
    expect([stock.left("shovel"), stock.has(1, "shovel"), stock.holder(saw)]).toEqual([5, 2, "2班"]);
    expect(stock.piece({ prefix: "00ff" })).toBe(saw);
    expect(stock.piece({ code: "AB3D7K2M" })).toBe(saw);
  });

  it("moves on by what this tablet recorded, less what was taken back or refused", () => {
    const stock = new ToolStock(TOOLS, [
      entry("a", "tool.lend", { tool: "shovel", count: 2, team: 2 }),
      entry("b", "tool.lend", { tool: "shovel", count: 1, team: 1 }),
      entry("c", "visit.undo", { op: "b", of: "tool.lend" }),
      entry("d", "tool.lend", { tool: "shovel", count: 3, team: 1 }, "stop"),
      entry("e", "tool.give_back", { tool: "shovel", count: 1, team: 1 }),
    ]);
    expect([stock.left("shovel"), stock.has(1, "shovel"), stock.has(2, "shovel")]).toEqual([4, 1, 2]);
  });

  it("counts once what the snapshot holds already and the server's answer is still on the way of", () => {
    const entries = [
      entry("a", "tool.lend", { tool: "shovel", count: 2, team: 1 }),
      entry("b", "tool.give_back", { item: 7 }),
      entry("c", "tool.lend", { tool: "shovel", count: 1, team: 1 }),
    ];
    const stock = new ToolStock({ ...TOOLS, told: ["b", "a"] }, entries);
    expect([stock.has(1, "shovel"), stock.left("shovel"), stock.holder(saw)]).toEqual([3, 4, "2班"]);
    expect([...stock.givenBack(1, "fine")]).toEqual([["shovel", 3]]);
  });

  it("gives back all a team has, but breaks and loses only what a person has counted", () => {
    const stock = new ToolStock(TOOLS);
    expect([...stock.givenBack(1, "fine")]).toEqual([["shovel", 2]]);
    for (const outcome of ["broken", "lost", "left"] as const) expect([...stock.givenBack(1, outcome)]).toEqual([["shovel", 0]]);
  });

  it("knows a piece that came back and went out again; one left behind is still out", () => {
    const back = entry("a", "tool.give_back", { item: 7 });
    expect(new ToolStock(TOOLS, [back]).holder(saw)).toBe("");
    expect(new ToolStock(TOOLS, [back, entry("b", "tool.lend", { item: 7, team: 1 })]).holder(saw)).toBe("1班");
    expect(new ToolStock(TOOLS, [entry("a", "tool.give_back", { item: 7, outcome: "left" })]).holder(saw)).toBe("2班");
  });
});
