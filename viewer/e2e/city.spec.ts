/** Rules with money, speed and police: what only they tell is shown, and only for them. */
import { cutTexts, expect, openLive, picture, seriousFindings, test as base } from "./page";
import { startServer, type Server } from "./server";

const test = base.extend<object, { city: Server }>({
  city: [
    async ({}, use) => {
      const more = ["--rules", "city", "--model", "outlaw", "--seed", "3"];
      const server = await startServer({ fps: 8, more });
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],
});

test.skip(process.env["MOCK"] === "1", "the mock has no rules but one");

test("city: speed in km/h, profit and risk, who goes where, what is enforced", async ({
  page,
  city,
}) => {
  await openLive(page, `${city.url}/?lang=en`);
  await expect(page.locator("[data-field=speed-unit]")).toHaveText("km/h");
  await expect(page.locator(".card.profit")).toBeVisible();
  await expect(page.locator(".card.profit")).toContainText("micromorts");
  await expect(page.locator(".card.law")).toContainText("TSh 30,000");
  await expect(page.locator(".destinations li")).toHaveText([
    /^Manzese/,
    /^Magomeni/,
    /^Kariakoo/,
    /^Mnazi Mmoja/,
    /^Posta/,
  ]);
  // The outlaw drives at 75 and stops for lights: both are met within a trip.
  await expect(page.locator(".speed.too-fast [data-field=speed]")).toHaveText("75", {
    timeout: 60_000,
  });
  await expect(page.locator("[data-alert=speeding]")).toHaveClass(/lit/);
  await expect(page.locator("[data-field=why]")).toContainText("TSh");
  await expect(page.locator(".map .sight")).toHaveAttribute("d", /^M/);
  expect(await seriousFindings(page)).toEqual([]);
  await picture(page, "city");
});

test("city: who may load a model changes what is enforced", async ({ page, city }) => {
  await openLive(page, `${city.url}/?lang=en`);
  await page.locator(".enforcement summary").click();
  const lever = page.locator(".enforcement input[name=inspect]");
  await lever.focus();
  await lever.press("End");
  await expect(page.locator(".card.law")).toContainText(/50\s%/);
  await expect(page.locator(".enforcement .problem")).toHaveText("");
  // What was not touched says what is so, between two steps of its lever too.
  await expect(page.locator(".enforcement")).toContainText(/once in 1,000\s?km/);
  await expect(page.locator(".card.law")).toContainText("TSh 30,000");
});

for (const language of ["en", "sw"]) {
  test(`city: nothing is cut on a phone, ${language}`, async ({ page, city }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await openLive(page, `${city.url}/?lang=${language}`);
    await expect(page.locator(".card.profit")).toBeVisible();
    expect(await cutTexts(page)).toEqual([]);
    await picture(page, `city-phone-${language}`, true);
  });
}

test("classic: nothing of it", async ({ page, room }) => {
  await openLive(page, room);
  await expect(page.locator("[data-field=speed]")).toHaveText(/^\d$/);
  await expect(page.locator("[data-field=speed-unit]")).toHaveText("");
  for (const name of [".card.profit", ".card.law", ".destinations"]) {
    await expect(page.locator(name)).toBeHidden();
  }
  await expect(page.locator("[data-field=why]")).not.toContainText("km/h");
});
