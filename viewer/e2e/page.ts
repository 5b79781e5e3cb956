/**
 * What the tests share: one server for all of them, a room for each, and questions to the page. The
 * page is asked through `window.daladala` and its words, never through pixels.
 */
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { startServer, type Server } from "./server";

interface Fixtures {
  /** The address of a room that nobody else is in. */
  readonly room: string;
  /** A server that the test may stop. */
  readonly ownServer: Server;
}

let rooms = 0;

export const test = base.extend<Fixtures, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],
  room: async ({ server, request }, use) => {
    rooms += 1;
    const code = `test-${process.pid}-${rooms}`;
    const made = await request.post(`${server.url}/api/rooms`, {
      data: { code, fps: 8, seed: rooms },
    });
    expect(made.ok(), await made.text()).toBe(true);
    await use(`${server.url}/?room=${code}&lang=en`);
    await request.delete(`${server.url}/api/rooms/${code}`);
  },
  ownServer: async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.close();
  },
});

export { expect };

/** Most tests are of people who have been here before. */
export async function dismissIntro(page: Page): Promise<void> {
  await page.addInitScript(() => {
    localStorage.setItem("daladala.intro", "done");
  });
}

export const probe = (page: Page) => page.evaluate(() => window.daladala);

/**
 * Frames come and are shown. On a busy machine the page may rightly say that they come late, and
 * that is not what most tests are about.
 */
export async function expectLive(page: Page): Promise<void> {
  await expect(page.locator("body")).toHaveAttribute("data-standing", /^(live|behind)$/);
}

/** Open an address and wait until it is live, with something drawn. */
export async function openLive(page: Page, url: string): Promise<void> {
  await dismissIntro(page);
  await page.goto(url);
  await expect(page.locator("body")).toHaveAttribute("data-connection", /^(live|behind|polling)$/);
  await page.waitForFunction(() => window.daladala.drawnSeq !== null);
}

/** The key does what the button does, and the button is there from the first picture on. */
export async function pauseByKey(page: Page): Promise<void> {
  await expect(page.locator("button.pause")).toBeVisible();
  await expect(page.locator("button.pause")).toBeEnabled();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => window.daladala.paused);
}

export async function sceneDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => (window.daladala.scene?.bus ?? null) !== null);
}

/** Elements whose text is wider than their box, or which reach out of the page sideways. */
export function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("h1, h2, h3, p, dt, dd, li, button, label, legend")]
      .filter((element) => element.closest(".unseen, .skip, [aria-hidden=true]") === null)
      .filter((element) => element.checkVisibility())
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        const outside = left < -0.5 || right > document.documentElement.clientWidth + 0.5;
        const wide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
        const high = element.scrollHeight > element.clientHeight + 3 && element.clientHeight > 0;
        return outside || wide || (high && getComputedStyle(element).overflowY !== "visible");
      })
      .map((element) => element.outerHTML.slice(0, 200)),
  );
}

export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

/**
 * A picture to be looked at, in test-results/. Where the machine is too busy to come to rest there is
 * none, and that is no failure of what is tested.
 */
export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  const path = `test-results/${name}.png`;
  await page.screenshot({ path, fullPage, timeout: 15_000 }).catch(() => {
    console.log(`no picture of ${name}: the machine is too busy`);
  });
}
