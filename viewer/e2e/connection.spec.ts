/** The connection: what is said of it, and that it comes back by itself. */
import { expect, expectLive, openLive, picture, probe, seriousFindings, test } from "./page";

test("a killed server is said, and found again by itself without a stale Live", async ({
  page,
  ownServer,
}) => {
  await openLive(page, `${ownServer.url}/?lang=en`);
  const before = await probe(page);
  await ownServer.stop();
  await expect(page.locator(".pill-text")).toHaveText(/^Reconnecting in \d+ s$|^Connecting$/);
  await expect(page.locator(".notice")).toContainText("Not connected");
  await expect(page.locator(".say-status")).toContainText("not live");
  await expect(page.locator(".scene")).toHaveCSS("filter", /grayscale/);
  await picture(page, "disconnected");
  expect(await seriousFindings(page)).toEqual([]);

  // From here on, whenever the page calls itself live it must show the new run of the room.
  await page.evaluate((epoch) => {
    Object.assign(window, { lies: 0 });
    new MutationObserver(() => {
      const { connection, epoch: shown } = window.daladala;
      const live = connection === "live" || connection === "behind";
      if (live && shown === epoch) Object.assign(window, { lies: 1 });
    }).observe(document.body, { attributes: true, attributeFilter: ["data-connection"] });
  }, before.epoch);
  await ownServer.restart();
  await page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 5_000 })
    .catch(() => null);
  await expectLive(page);
  await expect(page.locator(".notice")).toBeHidden();
  expect((await probe(page)).epoch).not.toBe(before.epoch);
  expect(await page.evaluate(() => Number(Reflect.get(window, "lies")))).toBe(0);
});

test("a short break is made up for", async ({ page, room }) => {
  let cut: (() => Promise<void>) | undefined;
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer();
    cut = () => socket.close({ code: 3000 });
  });
  await openLive(page, room);
  await page.waitForFunction(() => (window.daladala.step ?? 0) > 3);
  const before = await probe(page);
  await cut?.();
  await page.waitForFunction(() => window.daladala.resume === "missed");
  await expectLive(page);
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
});

test("a driver that failed is told, and what it said, until it is asked again", async ({
  page,
  room,
}) => {
  const said = "ZeroDivisionError: <b>division</b> by zero";
  let hasFailed = true;
  let tell: (() => void) | undefined;
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const is = typeof message === "string" && message.includes('"type":"room"');
      if (!is) {
        socket.send(message);
        return;
      }
      const described = JSON.parse(message) as object;
      tell = () => {
        const fault = hasFailed ? said : null;
        socket.send(JSON.stringify({ ...described, fault, paused: hasFailed }));
      };
      tell();
    });
  });
  await page.goto(`${room}&lang=en`);
  const note = page.getByRole("alert");
  await expect(note).toContainText("The driver failed");
  await expect(note).toContainText(said);
  await expect(note).toContainText("Resuming asks the driver again.");
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await picture(page, "driver-failed");
  expect(await seriousFindings(page)).toEqual([]);
  hasFailed = false;
  tell?.();
  await expect(note).toBeEmpty();
});

test("the page is told who it is and where, in binary frames and in JSON", async ({
  page,
  room,
}) => {
  for (const encoding of ["binary", "json"] as const) {
    await openLive(page, `${room}&frames=${encoding}`);
    await page.waitForFunction(() => window.daladala.rttMs !== null);
    await page.waitForFunction(() => window.daladala.trail > 2);
    expect(await probe(page)).toMatchObject({
      ...{ transport: "ws", encoding, role: "admin", paused: false, viewers: 1 },
      ...{ resume: "new", malformed: 0, dropped: 0 },
    });
  }
});

for (const [transport, pill] of [
  ["sse", /^Live$|ehind$/],
  ["poll", /^Live, by polling$|ehind$/],
] as const) {
  test(`?transport=${transport} watches and drives without a WebSocket`, async ({ page, room }) => {
    await page.goto(`${room}&transport=${transport}`);
    await expect(page.locator(".pill-text")).toHaveText(pill);
    await page.waitForFunction(() => (window.daladala.seq ?? 0) > 0);
    const { seq } = await probe(page);
    await page.waitForFunction((from) => (window.daladala.seq ?? 0) > from + 3, seq ?? 0);
    expect(await probe(page)).toMatchObject({ transport, malformed: 0 });
    await picture(page, `transport-${transport}`);
  });
}

test("where no WebSocket gets through, another way is found", async ({ page, room }) => {
  await page.routeWebSocket(/\/ws/, (socket) => socket.close({ code: 1011 }));
  await page.goto(room);
  await page.waitForFunction(() => window.daladala.transport !== "ws", null, { timeout: 40_000 });
  await expect(page.locator(".pill-text")).toHaveText(/^Live|ehind$/);
  const { seq } = await probe(page);
  await page.waitForFunction((from) => (window.daladala.seq ?? 0) > from + 3, seq ?? 0);
});

test("a room that there is not is said, and tried again", async ({ page, server }) => {
  await page.goto(`${server.url}/?room=nowhere&lang=en`);
  await expect(page.locator(".notice")).toContainText("Not connected");
  await expect(page.locator(".pill-text")).toHaveText(/^Reconnecting in \d+ s$|^Connecting$/);
});
