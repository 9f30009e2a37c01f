/* The line at the top: whether records reach the server, and what to do when it takes none from this device. */
import { icon, part } from "./elements";
import type { Connection } from "./outbox";

const LINKS: Record<Connection["kind"], readonly [string, string]> = {
  unknown: ["online", "つながりを確かめています"],
  online: ["online", "つながっています"],
  offline: ["offline", "つながっていません — 記録は端末に残ります"],
  busy: ["warn", "サーバーが混み合っています — 記録は端末に残ります"],
  blocked: ["stop", "送信できません — 記録は端末に残ります"],
};

const HANDED_OVER = ["stop", "この端末は使用停止です — 記録はセンターに預けました"] as const;

/** Icon and words. */
export function linkWords(connection: Connection): readonly [string, string] {
  const handedOver = connection.kind === "blocked" && connection.stored === true;
  return handedOver ? HANDED_OVER : LINKS[connection.kind];
}

export function drawLink(page: HTMLElement, connection: Connection): void {
  const [name, words] = linkWords(connection);
  const link = part(page, "link");
  if (!link.textContent.includes(words)) {
    link.dataset["kind"] = connection.kind;
    link.replaceChildren(icon(name), words);
  }
  const blocked = part(page, "blocked");
  blocked.hidden = connection.kind !== "blocked";
  if (connection.kind === "blocked") part(page, "blocked-text").textContent = connection.text;
}
