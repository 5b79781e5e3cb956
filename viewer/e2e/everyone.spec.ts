/** For everyone: both languages, all sizes, the keyboard, screen readers. */
import {
  cutTexts,
  expect,
  expectLive,
  openLive,
  pauseByKey,
  picture,
  probe,
  seriousFindings,
  test,
} from "./page";

const SIZES = [
  { name: "phone", width: 390, height: 844 },
  { name: "phone-on-its-side", width: 844, height: 390 },
  { name: "desk", width: 1440, height: 900 },
  { name: "wide", width: 1920, height: 1080 },
] as const;

for (const { name, width, height } of SIZES) {
  test(`nothing is cut at ${width} by ${height} in either language`, async ({ page, room }) => {
    await page.setViewportSize({ width, height });
    for (const [language, other] of [
      ["en", "SW"],
      ["sw", "EN"],
    ] as const) {
      await openLive(page, room.replace("lang=en", `lang=${language}`));
      await page.waitForFunction(() => (window.daladala.step ?? 0) > 3);
      await pauseByKey(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(width);
      expect(await cutTexts(page)).toEqual([]);
      // Nor with the longest that can stand there: an arrival brought three digits, and was cut on phones.
      await page.evaluate(() => {
        for (const field of document.querySelectorAll("[data-field=reward]"))
          field.textContent = "−188";
      });
      expect(await cutTexts(page)).toEqual([]);
      await picture(page, `${name}-${language}`, width < 900);
      if (width === 390 || width === 1440) expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press("Space");
      // Leaving at once might take the request along, and the next page would begin paused.
      await page.waitForFunction(() => !window.daladala.paused);
      await expect(page.getByText(other, { exact: true })).toBeVisible();
    }
  });
}

test("the language is switched in place and kept", async ({ page, room }) => {
  await openLive(page, room.replace("&lang=en", ""));
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.getByRole("button", { name: "Kiswahili" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "sw");
  await expect(page.locator(".status dt").first()).toHaveText("Safari");
  await expect(page.getByRole("button", { name: "Sitisha" })).toBeVisible();
  await expect(page.locator(".load h2")).toHaveText("Abiria");
  await expectLive(page);
  await page.reload();
  await expect(page.locator(".status dt").first()).toHaveText("Safari");
  await expect(page).toHaveTitle(/mubashara/);
});

test("the page explains itself to those who are new, once", async ({ page, room }) => {
  await page.goto(room);
  const intro = page.locator(".intro");
  await expect(intro.getByRole("listitem")).toHaveCount(5);
  expect(await seriousFindings(page)).toEqual([]);
  await picture(page, "intro");
  await intro.getByRole("button", { name: "Got it" }).press("Enter");
  await expect(intro).toBeHidden();
  await page.reload();
  await expectLive(page);
  await expect(intro).toHaveCount(0);
});

test("dialogs hold the focus, close by Escape, and axe finds nothing serious", async ({
  page,
  room,
}) => {
  await openLive(page, room);
  await pauseByKey(page);
  for (const [key, name] of [
    ["?", "Help"],
    ["g", "All rooms"],
  ] as const) {
    await page.keyboard.press(key);
    const dialog = page.getByRole("dialog", { name });
    await expect(dialog).toBeVisible();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await cutTexts(page)).toEqual([]);
    await picture(page, `dialog-${name === "Help" ? "help" : "gallery"}`);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  }
});

test("all that can be pressed is reached by Tab, in sight, with a focus that is seen", async ({
  page,
  room,
}) => {
  await openLive(page, room);
  await pauseByKey(page);
  const reached = new Set<string>();
  for (let nth = 0; nth < 90; nth += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return null;
      const { outlineStyle } = getComputedStyle(element);
      const { top, bottom } = element.getBoundingClientRect();
      const inSight = bottom > 0 && top < innerHeight;
      const name = element.getAttribute("aria-label") ?? element.textContent;
      return { name: name.trim(), seen: outlineStyle !== "none", inSight, tag: element.tagName };
    });
    if (focused === null) break;
    expect(focused, focused.name).toMatchObject({ seen: true, inSight: true });
    reached.add(focused.name);
  }
  for (const name of ["Help and keys", "Resume", "Single step", "Take the wheel", "1Chase"]) {
    expect([...reached]).toContain(name);
  }
});

test("a voice is told of the drive now and then, not at every step", async ({ page, room }) => {
  await openLive(page, room);
  await expect(page.locator(".say-drive")).not.toBeEmpty();
  await page.evaluate(() => {
    Object.assign(window, { said: 0 });
    const voice = document.querySelector(".say-drive");
    if (voice === null) return;
    new MutationObserver(() => {
      Object.assign(window, { said: Number(Reflect.get(window, "said")) + 1 });
    }).observe(voice, { childList: true, characterData: true, subtree: true });
  });
  const { seq } = await probe(page);
  await page.waitForFunction((from) => (window.daladala.seq ?? 0) > from + 30, seq ?? 0);
  expect(await page.evaluate(() => Number(Reflect.get(window, "said")))).toBeLessThan(5);
});
