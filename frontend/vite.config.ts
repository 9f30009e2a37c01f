import { createHash } from "node:crypto";
import { readdirSync, realpathSync } from "node:fs";
import type { Plugin, Rollup } from "vite";
import { defineConfig } from "vitest/config";

const BASE = "/static/dist/";
// Pages that open and work without a network, by the end of their address (src/sw.ts).
const TABLETS: Record<string, string> = {
  tablet: "src/reception.ts",
  kiosk: "src/kiosk.ts",
  "survey/tablet": "src/survey.ts",
  "loans/tablet": "src/tools.ts",
};

// The leader's page, on a phone of their own: what desk.ts brings later is for desks.
const LEADER: Record<string, string> = { leader: "src/leader.ts" };
const FRAME = "src/desk.ts"; // every page's own
// What each service worker keeps.
const WORKERS: Record<string, Record<string, string>> = { "sw.js": TABLETS, "leader_sw.js": LEADER };

// Every stylesheet may also be asked for by itself (a print page, the wall screen).
const stylesheets = readdirSync("css").filter((name) => name.endsWith(".css")).map((name) => `css/${name}`);
const pages = ["desk", "board", "leader", "phone", "pair", "check", "hands"].map((name) => `src/${name}.ts`);
const entries = [...pages, ...Object.values(TABLETS), "src/sw.ts", "src/leader_sw.ts", ...stylesheets];

/**
 * The font package offers each slice twice; every browser that runs this kit reads woff2. Windows brings the same font:
 * a desk neither fetches nor unpacks the slices on every page then.
 */
function slicesAsNeeded(): Plugin {
  return {
    name: "slices-as-needed",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("@fontsource") || !id.endsWith(".css")) return null;
      const installed = id.endsWith("700.css") ? "BIZ UDPGothic Bold" : "BIZ UDPGothic";
      return code
        .replace(/,\s*url\([^)]*\.woff\)\s*format\('woff'\)/g, "")
        .replace(/src:\s*url\(/g, `src: local("${installed}"), url(`);
    },
  };
}

const FACE = /@font-face\s*\{[^}]*\}/g;

/**
 * Puts the two weights of a slice side by side: both repeat the same list of letters, and gzip looks back only 32 kB.
 * It takes half of the kit's largest file.
 */
function slicesSideBySide(): Plugin {
  return {
    name: "slices-side-by-side",
    generateBundle(_options, bundle) {
      const sheets = Object.values(bundle).filter(
        (file): file is Rollup.OutputAsset => file.type === "asset" && /fonts-[^/]*\.css$/.test(file.fileName),
      );
      if (sheets.length !== 1) throw new Error("the build has no list of font slices");
      for (const sheet of sheets) {
        const faces = String(sheet.source).match(FACE) ?? [];
        const rest = String(sheet.source).replace(FACE, "").replace(/\/\*.*?\*\//g, "").trim();
        if (rest) throw new Error(`the list of slices is not only slices: ${rest.slice(0, 80)}`);
        const letters = new Map<string, string[]>();
        for (const face of faces) {
          const range = /unicode-range:([^;}]*)/.exec(face)?.[1] ?? "";
          letters.set(range, [...(letters.get(range) ?? []), face]);
        }
        sheet.source = [...letters.values()].flat().join("");
      }
    },
  };
}

/** Writes into each worker what its pages need without a network: their scripts, styles and decoder, not the fonts. */
function precacheOfTheWorkers(): Plugin {
  return {
    name: "precache-of-the-workers",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [file, pages] of Object.entries(WORKERS)) fillWorker(file, pages, bundle);
      },
    },
  };
}

function fillWorker(file: string, pages: Record<string, string>, bundle: Rollup.OutputBundle): void {
  const worker = bundle[file];
  if (worker?.type !== "chunk") throw new Error(`the build lacks ${file}`);
  const lists: Record<string, string[]> = {};
  for (const [address, page] of Object.entries(pages)) {
    lists[address] = filesOf(chunkOf(page, bundle), bundle);
    if (pages === LEADER) lists[address].push(...filesOf(chunkOf(FRAME, bundle), bundle, { later: false }));
    lists[address] = [...new Set(lists[address])].sort();
  }
  const all = [...new Set(Object.values(lists).flat())].sort();
  if (pages === TABLETS && !lists["tablet"]?.some((name) => name.endsWith(".wasm"))) {
    throw new Error("the decoder is missing from the precache");
  }
  const version = createHash("sha256").update(all.join("\n")).digest("hex").slice(0, 12);
  worker.code = worker.code.replaceAll("__PRECACHE__", JSON.stringify(lists)).replaceAll("__VERSION__", JSON.stringify(version));
  if (worker.imports.length) throw new Error(`${file} must be one whole file`);
}

function chunkOf(page: string, bundle: Rollup.OutputBundle): Rollup.OutputChunk {
  const chunks = Object.values(bundle).filter((file): file is Rollup.OutputChunk => file.type === "chunk");
  const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(page));
  if (!chunk) throw new Error(`the build lacks ${page}`);
  return chunk;
}

/** All that a page may ever ask for, as the server names it; without `later` only what it begins with. */
function filesOf(page: Rollup.OutputChunk, bundle: Rollup.OutputBundle, { later = true } = {}): string[] {
  const files = new Set<string>();
  const queue = [page.fileName];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const chunk = bundle[name];
    if (files.has(name) || chunk?.type !== "chunk") continue;
    files.add(name);
    queue.push(...chunk.imports, ...(later ? chunk.dynamicImports : []));
    chunk.viteMetadata?.importedCss.forEach((css) => files.add(css));
    chunk.viteMetadata?.importedAssets.forEach((asset) => files.add(asset));
  }
  const list = [...files].filter((name) => !name.endsWith(".woff2")).sort();
  const missing = list.filter((name) => !(name in bundle));
  if (missing.length) throw new Error(`not in the build: ${missing.join(", ")}`);
  return list.map((name) => BASE + name);
}

export default defineConfig({
  base: BASE,
  logLevel: "warn",
  plugins: [slicesAsNeeded(), slicesSideBySide(), precacheOfTheWorkers()],
  // node_modules may be a link to a folder that several clones share.
  server: { fs: { allow: [".", realpathSync("node_modules")] }, port: 5173, strictPort: true, cors: { origin: /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/ } },
  build: {
    outDir: "dist",
    manifest: true,
    target: ["es2022", "safari16.4"],
    assetsInlineLimit: 0, // data: URLs would need more room in the content security policy
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: entries,
      checks: { eval: false }, // htmx carries one; the content security policy forbids it to run
      output: {
        entryFileNames: (chunk) =>
          `${chunk.name}.js` in WORKERS ? `${chunk.name}.js` : "assets/[name]-[hash].js",
      },
    },
  },
  // A test hangs or it does not: five seconds only say that the machine has other things to do.
  test: { environment: "node", include: ["test/**/*.test.ts"], testTimeout: 60_000 },
});
