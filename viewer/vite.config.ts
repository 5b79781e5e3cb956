/**
 * How the page is built: a relative base so the server may embed it under any path, a limit to what
 * it weighs, and in development and preview a proxy of what a running server (real or mock) answers.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
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

/** Files that shrink, by the ends of their names; pictures and sounds are packed already. */
const SHRINKS = /\.(html|js|css|svg|json|webmanifest|txt|wasm)$/;

/** A packed form is kept if it is at most this part of the file. */
const WORTHWHILE = 0.9;

/** Beside each file that shrinks its packed forms, which the server sends to those who take them. */
const pack: Plugin = {
  name: "pack",
  apply: "build",
  closeBundle() {
    for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !SHRINKS.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const plain = readFileSync(path);
      const brotli = brotliCompressSync(plain, {
        params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.byteLength },
      });
      const packed = { br: brotli, gz: gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }) };
      for (const [ending, bytes] of Object.entries(packed)) {
        if (bytes.byteLength <= plain.byteLength * WORTHWHILE)
          writeFileSync(`${path}.${ending}`, bytes);
      }
    }
  },
};

export default defineConfig({
  base: "./",
  plugins: [weight, pack],
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
