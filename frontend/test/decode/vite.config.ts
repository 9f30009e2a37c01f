import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  logLevel: "warn",
  build: { outDir: process.env["DECODE_OUT"]!, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
});
