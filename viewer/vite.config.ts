/**
 * How the page is built: a relative base so the server may embed it under any path, a limit to what
 * it weighs, and in development and preview a proxy of what a running server (real or mock) answers.
 */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const server = process.env["DALADALA_SERVER"] ?? "http://127.0.0.1:5000";

const proxy = { "/ws": { target: server, ws: true }, "/api": { target: server } };

/** All scripts together, compressed as they travel, in bytes: what a phone loads in a second or two. */
const MOST_SCRIPT = 300 * 1024;

const weight: Plugin = {
  name: "weight",
  apply: "build",
  generateBundle(_, bundle) {
    const scripts = Object.values(bundle).filter((file) => file.type === "chunk");
    const bytes = scripts.reduce((sum, { code }) => sum + gzipSync(code).byteLength, 0);
    const told = `scripts weigh ${(bytes / 1024).toFixed(0)} KB of ${MOST_SCRIPT / 1024} KB (gzip)`;
    if (bytes > MOST_SCRIPT) this.error(told);
    this.info(told);
  },
};

export default defineConfig({
  base: "./",
  plugins: [weight],
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
    sourcemap: false,
    // Kilobytes before compression; `weight` above is the limit that counts.
    chunkSizeWarningLimit: 1024,
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  // Milliseconds. Tests over many random inputs take their time on a small machine that is busy.
  test: { include: ["test/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
});
