/**
 * End-to-end tests in the system's Chromium, against the real server (or the mock with MOCK=1);
 * `e2e/server.ts` starts it. One worker: a scene drawn by software takes a core by itself.
 */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/runs",
  // Drawing by software on a busy machine is slow, and that is not what is tested.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 1,
  reporter: "list",
  use: {
    viewport: { width: 1280, height: 720 },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
      ],
    },
  },
});
