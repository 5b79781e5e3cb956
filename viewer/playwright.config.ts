/**
 * End-to-end tests in the system's Chromium, against the real server (or the mock with MOCK=1);
 * `e2e/server.ts` starts it. One worker: each test owns its server, and the machine may be small.
 */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/runs",
  timeout: 45_000,
  workers: 1,
  reporter: "list",
  use: {
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
      ],
    },
  },
});
