import { part } from "./elements";

const PATIENCE_MS = 10_000;
// The worker brings the decoder with it, perhaps through a slow Wi-Fi.
const FIRST_TIME_MS = 180_000;

/** Keep this page for days without a network and say so at its foot. Resolves to whether it is kept. */
export async function keepPage(page: HTMLElement): Promise<boolean> {
  const offline = await prepareOffline();
  part(page, "ready").textContent = offline.say;
  page.dataset["offline"] = offline.ready ? "ready" : "no";
  return offline.ready;
}

async function prepareOffline(): Promise<{ ready: boolean; say: string }> {
  if (!("serviceWorker" in navigator)) {
    return { ready: false, say: "この接続では、電波がないときにページを開き直せません。開いたままお使いください。" };
  }
  try {
    const active = await registerWorker();
    const isKept = (await caches.match(location.pathname, { cacheName: "shell" })) !== undefined;
    if (active && (await keepShell(active, isKept ? PATIENCE_MS : FIRST_TIME_MS))) return { ready: true, say: "電波がなくても使えます。" };
    if (isKept) return { ready: true, say: "電波がなくても使えます。" };
  } catch {
    // Off-line, a file missing, or the browser forbids it: an older worker may still serve the page.
    if (navigator.serviceWorker.controller) return { ready: true, say: "電波がなくても使えます。" };
  }
  return { ready: false, say: "電波がないときの準備ができていません。つながるときに、ページを開き直してください。" };
}

/** The worker that opens tablet pages without a network. Rejects where the browser does not trust the connection. */
export async function registerWorker(): Promise<ServiceWorker | null> {
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  return (await navigator.serviceWorker.ready).active;
}

/** Let the worker fetch this page anew with its files and keep it; false when it could not. */
export function keepShell(worker: ServiceWorker, patience: number = PATIENCE_MS): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), patience);
    port1.onmessage = (event: MessageEvent<{ stored: boolean }>) => resolve(event.data.stored);
    worker.postMessage({ keepShell: location.pathname }, [port2]);
  });
}
