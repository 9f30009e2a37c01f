/* 「記録をファイルに書き出す」: for the day on which no server can be reached. Nothing leaves the shelf by it. */
import { part } from "./elements";
import type { Snapshot } from "./protocol";
import { canEncrypt, queueFile } from "./queue_file";
import type { Shelf } from "./shelf";
import { troubleText } from "./trouble";

/** Wire the button of the page; `held` is the snapshot in use. */
export function wireQueueFile(page: HTMLElement, shelf: Shelf, held: () => Snapshot | null): void {
  const press = part<HTMLButtonElement>(page, "queue-file");
  const say = part(page, "queue-file-say");
  const plain = part(page, "queue-file-plain");
  const issuer = Number(page.dataset["issuer"]);
  part(page, "queue-file-box").addEventListener("toggle", () => {
    plain.hidden = canEncrypt(held());
  });
  press.addEventListener("click", () => {
    press.disabled = true;
    say.textContent = "書き出しています…";
    void write()
      .then((count) => {
        say.textContent = `${count}件をファイルに書き出しました。「ダウンロード」の中の「dvc-記録-」で始まるファイルを、USBメモリーなどでセンター長に渡してください。端末の記録は残っています。`;
      })
      .catch((error: unknown) => {
        say.textContent = troubleText(error);
      })
      .finally(() => {
        press.disabled = false;
      });
  });

  async function write(): Promise<number> {
    const [device, entries] = await Promise.all([shelf.device(), shelf.notBackedUp()]);
    if (!device) throw new Error("not a device");
    const text = await queueFile(device, entries.map((entry) => entry.op), held(), held()?.center.issuer ?? issuer);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `dvc-記録-${device.name.replace(/[^\p{L}\p{N}_-]/gu, "_")}-${new Date().toISOString().slice(0, 16).replace(/\D/g, "")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return entries.length;
  }
}
