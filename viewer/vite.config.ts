/**
 * How the page is built: a relative base so the server may embed it under any path, and in
 * development a proxy of `/ws` to a running server (real or mock).
 */
import { defineConfig } from "vitest/config";

const server = process.env["DALADALA_SERVER"] ?? "http://127.0.0.1:5000";

export default defineConfig({
  base: "./",
  build: { target: "es2022", outDir: "dist", assetsInlineLimit: 0, sourcemap: false },
  server: { host: "127.0.0.1", proxy: { "/ws": { target: server, ws: true } } },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
