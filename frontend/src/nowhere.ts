/*
 * What a tablet shows in the place of a page that cannot come without a network: words, and the way back to the pages that
 * are kept on it. It asks for no file. Paths come from the kept pages, so they are plain.
 */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\/survey\/tablet\/$/, "現地調査"],
  [/\/loans\/tablet\/$/, "資機材の貸出と返却"],
  [/\/kiosk\/$/, "自分で受付"],
  [/\/tablet\/$/, "受付"],
];
const STYLE =
  "body{margin:0;padding:1.5rem;max-width:44rem;font:20px/1.7 sans-serif;color:#17212b;background:#f3f4f0;word-break:auto-phrase}" +
  "h1{font-size:1.6rem}li{margin:.8rem 0;list-style:none}ul{padding:0}" +
  "a{display:inline-block;min-height:3rem;box-sizing:border-box;padding:.6rem 1.2rem;border:2px solid #0b4a7d;border-radius:.5rem;background:#fff;color:#0b4a7d;font-weight:700;text-decoration:none}" +
  "a.main{background:#0b4a7d;color:#fff}";

export function nowhere(kept: readonly string[]): Response {
  const here = kept.flatMap((path) => {
    const name = NAMES.find(([end]) => end.test(path))?.[1];
    return name === undefined ? [] : [`<li><a class="main" href="${path}">${name}の画面を開く</a></li>`];
  });
  const still = here.length
    ? `<p>つぎの画面は、いまも使えます。記録は端末に残り、つながったときに送られます。</p><ul>${here.join("")}</ul>`
    : "";
  const text =
    `<!doctype html><html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>つながっていません</title><style>${STYLE}</style></head><body><main><h1>センターのサーバーにつながりません</h1>` +
    `<p>開こうとした画面は、つながっているときだけ使えます。</p>${still}` +
    `<p>電波（Wi-Fi）の印を確かめ、少し待ってから、もう一度開いてください。急ぐときは、紙に書いて進めてください。</p>` +
    `<p><a href="">もう一度開く</a></p></main></body></html>`;
  return new Response(text, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
