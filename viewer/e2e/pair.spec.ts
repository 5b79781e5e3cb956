/** Two rooms side by side: the same trips under two laws, opened by who may and watched by anybody. */
import type { APIRequestContext, Page } from "@playwright/test";
import {
  cutTexts,
  dismissIntro,
  expect,
  openLive,
  picture,
  seriousFindings,
  test as base,
} from "./page";
import { startServer, type Server } from "./server";

const test = base.extend<object, { city: Server }>({
  city: [
    async ({}, use) => {
      const law = ["--set", "police.inspect=0.5"];
      const more = ["--rules", "city", "--model", "greedy", "--seed", "3", ...law];
      const server = await startServer({ fps: 12, more });
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],
});

test.skip(process.env["MOCK"] === "1", "the mock has no rules but one");

/** A trip on which the police count twice what `greedy` has aboard, if they count at all. */
const SEED = "11";

const field = (page: Page, name: string) => page.locator(`[data-field=${name}]`);

const codes = async (request: APIRequestContext, { url }: Server): Promise<string[]> => {
  const { rooms } = (await (await request.get(`${url}/api/rooms`)).json()) as {
    rooms: { code: string }[];
  };
  return rooms.map(({ code }) => code);
};

async function bothLive(page: Page): Promise<void> {
  for (const side of ["a", "b"]) {
    await expect(page.locator(`.pane.${side}`)).toHaveAttribute("data-connection", /live|behind/);
  }
  await page.waitForFunction(() => window.daladalas.every(({ drawnSeq }) => drawnSeq !== null));
}

async function watchOnly(page: Page): Promise<void> {
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const greets = typeof message === "string" && message.includes('"type":"hello"');
      socket.send(greets ? message.replace('"role":"admin"', '"role":"watch"') : message);
    });
  });
}

test("who may opens the what-if from a room, by keyboard, and both drive the same trips", async ({
  page,
  city,
  request,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openLive(page, `${city.url}/?lang=en`);
  await page.locator(".compare summary").press("Enter");
  const open = page.getByRole("button", { name: "Drive both side by side" });
  // Under the same law there is nothing to compare.
  await open.press("Enter");
  await expect(page.locator(".compare .problem")).toContainText("Move a lever first");
  await page.locator(".compare input[name=inspect]").press("Home");
  await open.press("Enter");
  await page.waitForURL(/rooms=main/);
  await bothLive(page);
  await expect(page).toHaveTitle("Daladala, two rooms");
  await expect(page.locator(".pane.a .differs dd")).toHaveText(/^50\s%$/);
  await expect(page.locator(".pane.b .differs dd")).toHaveText(/^0\s%$/);

  await expect(field(page, "state")).toContainText("The same trip");
  await page.getByLabel("Seed").fill(SEED);
  await page.getByRole("button", { name: "New episode" }).press("Enter");
  // Both begin together, and stay so.
  await page.waitForFunction(() => window.daladalas.every(({ step }) => (step ?? 0) < 30));
  const steps = await page.evaluate(() => window.daladalas.map(({ step }) => step ?? 0));
  expect(Math.abs((steps[0] ?? 0) - (steps[1] ?? 0))).toBeLessThan(8);
  expect(await seriousFindings(page)).toEqual([]);
  // The one that is not held by the police arrives first and waits for the other.
  await expect(field(page, "state")).toHaveText(/^B has finished the trip/, { timeout: 60_000 });
  await expect(field(page, "trip-difference")).toHaveText(/^\+[\d,]+ TSh$/);
  await picture(page, "pair-desk");
  await expect(field(page, "mean-difference")).toHaveText(/^\+[\d,]+ TSh$/, { timeout: 60_000 });
  await expect(page.locator(".balance")).toContainText(/Mean of \d trip/);

  // The space bar is for both, and a reload goes on with both.
  await page.getByRole("button", { name: "New episode" }).blur();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => window.daladalas.every(({ paused }) => paused));
  await expect(field(page, "state")).toHaveText("Both are paused.");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => window.daladalas.every(({ paused }) => !paused));
  await page.reload();
  await bothLive(page);

  const second = await page.evaluate(() => window.daladalas[1]?.room ?? "");
  expect(await codes(request, city)).toContain(second);
  await page.getByRole("button", { name: "Back to one room" }).press("Enter");
  await page.waitForURL(/room=main/);
  // The room that was made for it is gone, and the first drives on.
  await expect.poll(() => codes(request, city)).not.toContain(second);
  await page.waitForFunction(() => window.daladala.paused === false);
});

test("whoever has the address watches two rooms, and drives neither", async ({
  page,
  city,
  request,
}) => {
  const make = async (code: string, more: object): Promise<void> => {
    const data = { code, seed: 11, fps: 4, ...more };
    const made = await request.post(`${city.url}/api/rooms`, { data });
    expect(made.ok(), await made.text()).toBe(true);
  };
  await make("strict", {});
  await make("lax", { set: { "police.inspect": 0 } });
  await make("legal", { model: "legal" });
  await watchOnly(page);
  await dismissIntro(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${city.url}/?rooms=strict,lax&lang=en`);
  await bothLive(page);
  await expect(field(page, "state")).toContainText("The same trip");
  await expect(field(page, "trip-difference")).toHaveText(/TSh$/);
  await expect(page.locator(".card.both")).toBeHidden();
  await expect(page.locator(".pane .enforcement").first()).toBeHidden();
  expect(await seriousFindings(page)).toEqual([]);
  for (const language of ["en", "sw"]) {
    await page.getByRole("button", { name: language === "en" ? "English" : "Kiswahili" }).click();
    expect(await cutTexts(page)).toEqual([]);
    await picture(page, `pair-phone-${language}`, true);
  }

  // Two drivers are another question than two laws.
  await page.goto(`${city.url}/?rooms=strict,legal&lang=en`);
  await bothLive(page);
  await expect(field(page, "state")).toHaveText("Not comparable: they have different drivers.");
  await expect(field(page, "trip-difference")).toHaveText("–");
  await page.goto(`${city.url}/?rooms=strict,nowhere&lang=en`);
  await expect(field(page, "state")).toHaveText("Not comparable: one of the rooms is not live.");
});
