/** The page as people meet it. Screenshots go to test-results/, to be looked at. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";
import { startServer, type Server } from "./server";

const test = base.extend<{ server: Server }>({
  server: async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.stop();
  },
});

const SIZES = [
  { name: "phone", width: 390, height: 844 },
  { name: "desktop", width: 1440, height: 900 },
] as const;

const probe = (page: Page) => page.evaluate(() => window.daladala);

async function openLive(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.locator(".pill-text")).toHaveText("Live");
}

/** Elements whose text is wider than their box, or which reach out of the page. */
function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("h1, h2, p, dt, dd, li, button")]
      .filter((element) => !element.classList.contains("unseen") && element.offsetParent !== null)
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        const outside = left < -0.5 || right > document.documentElement.clientWidth + 0.5;
        return outside || element.scrollWidth > element.clientWidth + 1;
      })
      .map((element) => element.outerHTML),
  );
}

/** The places the bus is drawn at over the given number of screen refreshes. */
function busPlaces(page: Page, refreshes: number): Promise<[number, number][]> {
  return page.evaluate(async (count) => {
    const places: [number, number][] = [];
    for (let index = 0; index < count; index += 1) {
      await new Promise(requestAnimationFrame);
      const transform = document.querySelector(".bus")?.getAttribute("transform") ?? "";
      const found = /translate\(([\d.-]+) ([\d.-]+)\)/.exec(transform);
      if (found !== null) places.push([Number(found[1]), Number(found[2])]);
    }
    return places;
  }, refreshes);
}

const inMiddleOfCell = ([x, y]: readonly [number, number]): boolean =>
  (x - 0.5) % 1 === 0 && (y - 0.5) % 1 === 0;

async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

test("the bus drives, the numbers change, a second episode comes", async ({ page, server }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await openLive(page, server.url);
  const first = await probe(page);
  await page.waitForFunction((step) => (window.daladala.step ?? 0) > step, first.step ?? 0);
  await expect(page.locator('[data-field="action"]')).not.toHaveText("–");
  await expect(page.locator('[data-field="model"]')).not.toHaveText("…");
  const places = await busPlaces(page, 40);
  expect(places.some((place) => !inMiddleOfCell(place))).toBe(true);

  await page.waitForFunction((episode) => window.daladala.episode !== episode, first.episode);
  await expect(page.locator(".summary")).toBeVisible();
  await page.screenshot({ path: "test-results/end-of-episode.png" });
  const later = await probe(page);
  expect(later.episodesSeen).toBeGreaterThanOrEqual(1);
  expect(later.malformed).toBe(0);
  await expect(page.locator('[data-field="average"]')).toHaveText(/^[+−]\d/);
  expect(errors).toEqual([]);
});

test("a lost server is said, and found again by itself", async ({ page, server }) => {
  await openLive(page, server.url);
  const before = await probe(page);
  await server.stop();
  await expect(page.locator(".pill-text")).toHaveText(/^Reconnecting in \d+ s$|^Connecting$/);
  await expect(page.locator(".notice")).toContainText("Not connected");
  await expect(page.locator(".say-status")).toContainText("not live");
  await page.screenshot({ path: "test-results/disconnected.png" });
  expect(await seriousFindings(page)).toEqual([]);

  const again = await startServer({ port: server.port });
  try {
    await expect(page.locator(".pill-text")).toHaveText("Live", { timeout: 20_000 });
    await expect(page.locator(".notice")).toBeHidden();
    const after = await probe(page);
    expect(after.epoch).not.toBe(before.epoch);
  } finally {
    await again.stop();
  }
});

test("the page is told who it is and where, in binary frames and in JSON", async ({
  page,
  server,
}) => {
  for (const [query, encoding] of [
    ["", "binary"],
    ["?frames=json", "json"],
  ] as const) {
    await openLive(page, server.url + "/" + query);
    await expect(page.locator(".viewers")).toHaveText("1 watching");
    await page.waitForFunction(() => window.daladala.rttMs !== null);
    expect(await probe(page)).toMatchObject({
      transport: "websocket",
      encoding,
      room: "main",
      role: "admin",
      paused: false,
      viewers: 1,
      resume: "new",
      malformed: 0,
      dropped: 0,
    });
    await expect(page.locator(".room-code")).toBeHidden();
    const { clockOffsetMs } = await probe(page);
    expect(Math.abs(clockOffsetMs ?? NaN)).toBeLessThan(1_000);
  }
});

test("who joins in the middle of an episode sees only what is new", async ({ page, server }) => {
  await openLive(page, server.url);
  await page.waitForFunction(() => (window.daladala.step ?? 0) > 5);
  const other = await page.context().newPage();
  await other.addInitScript(() => {
    const steps: string[] = [];
    Object.assign(window, { steps });
    addEventListener("DOMContentLoaded", () => {
      const step = document.querySelector('[data-field="step"]');
      if (step === null) return;
      new MutationObserver(() => steps.push(step.textContent)).observe(step, { childList: true });
    });
  });
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await other.goto(server.url);
  await expect(other.locator(".pill-text")).toHaveText("Paused");
  const { step, seq } = await probe(page);
  expect(await probe(other)).toMatchObject({ step, seq, skipped: 0 });
  expect(await other.evaluate(() => Reflect.get(window, "steps") as string[])).toEqual([
    String(step),
  ]);
  await expect(other.locator(".viewers")).toHaveText("2 watching");
});

test("a room is paused, stepped and resumed from the keyboard", async ({ page, server }) => {
  await openLive(page, server.url);
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await expect(page.locator(".paused-note")).toBeVisible();
  await expect(page.locator(".say-status")).toContainText("Paused");
  expect(await cutTexts(page)).toEqual([]);
  expect(await seriousFindings(page)).toEqual([]);
  await page.screenshot({ path: "test-results/paused.png" });

  const before = await probe(page);
  // Longer than silence is borne: the server answers, so nothing is wrong.
  await page.waitForTimeout(7_000);
  expect(await probe(page)).toMatchObject({ seq: before.seq, connection: "live", paused: true });

  for (const more of [1, 2]) {
    await page.getByRole("button", { name: "Step" }).press("Space");
    await page.waitForFunction((seq) => window.daladala.seq === seq, (before.seq ?? 0) + more);
  }
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await page.getByRole("button", { name: "Resume" }).press("Enter");
  await expect(page.locator(".pill-text")).toHaveText("Live");
  await page.waitForFunction((seq) => (window.daladala.seq ?? 0) > seq, (before.seq ?? 0) + 2);
  await expect(page.locator(".complaint")).toHaveText("");
});

test("who may only watch has no buttons", async ({ page, server }) => {
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const watching = typeof message === "string" && message.includes('"type":"hello"');
      socket.send(watching ? message.replace('"role":"admin"', '"role":"watch"') : message);
    });
  });
  await openLive(page, server.url);
  expect((await probe(page)).role).toBe("watch");
  await expect(page.locator(".controls")).toBeHidden();
});

test("the server's no is said in its words", async ({ page, server }) => {
  await page.routeWebSocket(/\/ws/, (socket) => {
    const behind = socket.connectToServer();
    socket.onMessage((message) => {
      // An action that there is not: the page itself asks for nothing that is refused.
      behind.send(String(message).replace('"type":"step"', '"type":"step","action":"fly"'));
    });
  });
  await openLive(page, server.url);
  await page.getByRole("button", { name: "Step" }).click();
  await expect(page.locator(".complaint")).not.toBeEmpty();
  await page.locator(".pause").click();
  await expect(page.locator(".complaint")).toBeEmpty();
});

test("a room that there is not is said, and tried again", async ({ page, server }) => {
  await page.goto(`${server.url}/?room=nowhere`);
  await expect(page.locator(".notice")).toContainText("Not connected");
  await expect(page.locator(".pill-text")).toHaveText(/^Reconnecting in \d+ s$|^Connecting$/);
});

test("a short break is made up for", async ({ page, server }) => {
  let cut: (() => Promise<void>) | undefined;
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer();
    cut = () => socket.close({ code: 3000 });
  });
  await openLive(page, server.url);
  await page.waitForFunction(() => (window.daladala.step ?? 0) > 3);
  const before = await probe(page);
  await cut?.();
  await expect(page.locator(".pill-text")).not.toHaveText("Live");
  await expect(page.locator(".pill-text")).toHaveText("Live");
  await page.waitForFunction((seq) => (window.daladala.seq ?? 0) > seq + 5, before.seq ?? 0);
  expect(await probe(page)).toMatchObject({
    epoch: before.epoch,
    resume: "missed",
    skipped: before.skipped,
    dropped: 0,
    malformed: 0,
  });

  // A room that stands still sends no frame, and the page is as good as live without one.
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await cut?.();
  await expect(page.locator(".pill-text")).not.toHaveText("Paused");
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  expect(await probe(page)).toMatchObject({ epoch: before.epoch, skipped: before.skipped });
});

test("the wait for a lost server can be cut short from the keyboard", async ({ page, server }) => {
  // Without luck in the jitter: waits of 0.5, 1, 2 and 4 seconds.
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
  await openLive(page, server.url);
  await server.stop();
  const button = page.getByRole("button", { name: "Try now" });
  await expect(page.locator(".pill-text")).toHaveText("Reconnecting in 4 s", { timeout: 15_000 });
  const again = await startServer({ port: server.port });
  try {
    await button.press("Enter");
    await expect(page.locator(".pill-text")).toHaveText("Live", { timeout: 1_500 });
  } finally {
    await again.stop();
  }
});

for (const { name, width, height } of SIZES) {
  test(`nothing is cut at ${width} px, and axe finds nothing serious`, async ({ page, server }) => {
    await page.setViewportSize({ width, height });
    await openLive(page, server.url);
    await page.waitForFunction(() => window.daladala.episodesSeen >= 1);
    await expect(page.locator(".summary")).toBeVisible();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(width);
    expect(await cutTexts(page)).toEqual([]);
    await page.screenshot({ path: `test-results/${name}.png`, fullPage: true });
    expect(await seriousFindings(page)).toEqual([]);
  });
}

test("with reduced motion the bus goes from cell to cell", async ({ page, server }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page, server.url);
  const places = await busPlaces(page, 60);
  expect(new Set(places.map(String)).size).toBeGreaterThan(1);
  expect(places.filter((place) => !inMiddleOfCell(place))).toEqual([]);
  const running = await page.evaluate(
    () => document.getAnimations().filter(({ playState }) => playState === "running").length,
  );
  expect(running).toBe(0);
});

test("nothing is fetched from elsewhere", async ({ page, server }) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) elsewhere.push(request.url());
  });
  await openLive(page, server.url);
  expect(elsewhere).toEqual([]);
});
