/** The scene: its cameras, what moves, and what is there where there is none. */
import type { Page } from "@playwright/test";
import {
  expect,
  openLive,
  pauseByKey,
  picture,
  probe,
  sceneDrawn,
  seriousFindings,
  test,
} from "./page";

const CAMERAS = ["chase", "driver", "top", "cinematic", "free"] as const;

/** Let the room stand still somewhere on its way, so that pictures are of the same place. */
async function standStill(page: Page): Promise<void> {
  await page.waitForFunction(() => (window.daladala.step ?? 0) >= 4);
  await pauseByKey(page);
  await page.waitForFunction(() => window.daladala.scene?.rendering === false);
}

test("each camera is chosen by its key and kept in the address", async ({ page, room }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openLive(page, room);
  await sceneDrawn(page);
  await standStill(page);
  for (const [nth, camera] of CAMERAS.entries()) {
    await page.keyboard.press(String(nth + 1));
    await page.waitForFunction((wanted) => window.daladala.scene?.camera === wanted, camera);
    const button = page.locator(`[data-camera="${camera}"]`);
    await expect(button).toHaveAttribute("aria-pressed", "true");
    if (nth > 0) await expect(page).toHaveURL(new RegExp(`camera=${camera}`));
    // Each swoops there although the room stands still, and comes to rest.
    await page.waitForFunction(() => window.daladala.scene?.rendering === false);
    await picture(page, `camera-${camera}`);
  }
  // The free camera is a thing to be steered, in words, and no longer a picture.
  const canvas = page.getByRole("application");
  await expect(canvas).toHaveAccessibleName(/^Free camera/);
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Kiswahili" }).click();
  await expect(canvas).toHaveAccessibleName(/^Kamera huru/);
  await page.locator('[data-camera="top"]').click();
  await page.reload();
  await sceneDrawn(page);
  expect((await probe(page)).scene?.camera).toBe("top");
});

test("lost graphics are said and waited for, and then the plan goes on", async ({ page, room }) => {
  await openLive(page, room);
  await sceneDrawn(page);
  const note = page.locator(".scene-note");
  const graphics = await page.evaluateHandle(() =>
    document
      .querySelector<HTMLCanvasElement>(".scene canvas")
      ?.getContext("webgl2")
      ?.getExtension("WEBGL_lose_context"),
  );
  await graphics.evaluate((lose) => lose?.loseContext());
  await expect(note).toContainText("The 3D picture has gone");
  await graphics.evaluate((lose) => lose?.restoreContext());
  await expect(note).toBeEmpty();
  await page.waitForFunction(() => window.daladala.scene?.webgl && window.daladala.scene.rendering);

  await graphics.evaluate((lose) => lose?.loseContext());
  await expect(page.locator(".scene")).toHaveAttribute("data-drawing", "plan");
  await expect(note).toContainText("Shown from above");
  await expect(page.locator(".scene svg").first()).toBeVisible();
  await picture(page, "lost-graphics");
});

test("with reduced motion nothing swoops, and no animation runs", async ({ page, room }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page, room);
  await sceneDrawn(page);
  const headings = new Set<number>();
  await page.waitForFunction((step) => (window.daladala.step ?? 0) > step, 3);
  for (let nth = 0; nth < 10; nth += 1) {
    const { scene } = await probe(page);
    headings.add(scene?.bus?.heading ?? -1);
  }
  // From cell to cell, without turning through what is between two headings.
  for (const heading of headings) expect(heading % 90).toBeCloseTo(0);
  const running = await page.evaluate(
    () => document.getAnimations().filter(({ playState }) => playState === "running").length,
  );
  expect(running).toBe(0);
});

test("without WebGL the plan from above is shown", async ({ page, room }) => {
  await page.addInitScript(() => {
    Reflect.set(HTMLCanvasElement.prototype, "getContext", () => null);
  });
  await openLive(page, room);
  await expect(page.locator(".scene")).toHaveAttribute("data-drawing", "plan");
  await expect(page.locator(".scene svg").first()).toBeVisible();
  await picture(page, "without-webgl");
});

test("the panels go and come back, and the picture is clean", async ({ page, room }) => {
  await openLive(page, room);
  await page.keyboard.press("h");
  await expect(page.locator(".side.right")).toBeHidden();
  await expect(page.locator(".instruments")).toBeHidden();
  await picture(page, "clean");
  await page.getByRole("button", { name: "Show the panels" }).click();
  await expect(page.locator(".instruments")).toBeVisible();
});

test("nothing is fetched from elsewhere, and sound waits to be asked for", async ({
  page,
  room,
  server,
}) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) elsewhere.push(request.url());
  });
  await page.addInitScript(() => {
    Object.assign(window, { contexts: 0 });
    const Real = window.AudioContext;
    window.AudioContext = class extends Real {
      constructor() {
        super();
        Object.assign(window, { contexts: Number(Reflect.get(window, "contexts")) + 1 });
      }
    };
  });
  await openLive(page, room);
  expect(await page.evaluate(() => Number(Reflect.get(window, "contexts")))).toBe(0);
  await page.keyboard.press("m");
  await expect(page.getByRole("button", { name: "Turn sound off" })).toBeVisible();
  expect(await page.evaluate(() => Number(Reflect.get(window, "contexts")))).toBe(1);
  expect(elsewhere).toEqual([]);
});
