/** Hands on the page: the wheel, looking back, the gallery, keys, and who comes and goes. */
import { cutTexts, expect, expectLive, openLive, picture, probe, test } from "./page";

test("whoever takes the wheel takes a bus that stands, and it goes on afterwards", async ({
  page,
  room,
}) => {
  await openLive(page, room);
  await page.getByRole("button", { name: "Take the wheel" }).click();
  await page.waitForFunction(() => window.daladala.paused);
  const { seq } = await probe(page);
  await page.waitForTimeout(500);
  expect((await probe(page)).seq).toBe(seq);
  await page.keyboard.press("ArrowUp");
  await expect(page.locator(".pill-text")).toHaveText("Driven by hand");
  await page.waitForFunction((from) => window.daladala.seq === from, (seq ?? 0) + 1);
  await page.keyboard.press("Escape");
  await expectLive(page);
  // A room that stood before stands afterwards.
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForFunction(() => window.daladala.paused);
  await page.getByRole("button", { name: "Take the wheel" }).click();
  await page.getByRole("button", { name: "Give it back" }).click();
  await page.waitForTimeout(300);
  expect((await probe(page)).paused).toBe(true);
});

test("whoever looks back pauses what is played there, and nobody else's room", async ({
  page,
  room,
}) => {
  await openLive(page, room);
  await page.waitForFunction(() => window.daladala.latestSeq > 45);
  const bar = page.locator("input.scrub");
  const later = page.locator(".plot .return.later");
  await bar.focus();
  await bar.press("Home");
  await page.waitForFunction(() => window.daladala.watching.kind === "back");
  for (let nth = 0; nth < 4; nth += 1) await bar.press("ArrowRight");
  // The whole episode stays in sight, though this page may never have seen it.
  await expect(later).toHaveCount(1);
  await expect(page.locator('[data-field="story-saw"]')).not.toContainText("Not seen");
  await picture(page, "chart-looking-back");
  await bar.blur();
  await page.keyboard.press("Space");
  await page.waitForFunction(
    () => window.daladala.watching.kind === "back" && window.daladala.watching.playing,
  );
  await page.locator("button.pause").click();
  await page.waitForFunction(
    () => window.daladala.watching.kind === "back" && !window.daladala.watching.playing,
  );
  expect((await probe(page)).paused).toBe(false);
});

test("the gallery shows every tile at once, and opens with what was seen last", async ({
  page,
  room,
  request,
  server,
}) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  const codes = Array.from({ length: 20 }, (_, nth) => `tile-${process.pid}-${nth}`);
  for (const code of codes) {
    await request.post(`${server.url}/api/rooms`, { data: { code, fps: 2 } });
  }
  await openLive(page, room);
  await page.keyboard.press("g");
  const gallery = page.getByRole("dialog");
  // A city, before anything of the room has come.
  await expect(gallery.locator(".tile").nth(10)).toBeVisible();
  await expect
    .poll(() => gallery.locator(".tile .plan.still > *").count(), { timeout: 2_000 })
    .toBeGreaterThan(20);
  for (const nth of [0, 17]) {
    await expect(gallery.locator(".tile").nth(nth)).toContainText(/Episode \d+/);
  }
  await picture(page, "gallery-many");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await expect(gallery.locator(".tile").nth(17)).toContainText(/Episode \d+/, { timeout: 500 });
  for (const code of codes) await request.delete(`${server.url}/api/rooms/${code}`);
});

test("what is said in passing covers nothing that can be pressed", async ({ page, room }) => {
  for (const [width, height] of [
    [390, 844],
    [1440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    await openLive(page, room);
    const drop = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(9)], "no-recording.dalarec"));
      return transfer;
    });
    await page.dispatchEvent("body", "drop", { dataTransfer: drop });
    const notice = page.locator(".file-notice");
    await expect(notice).toContainText("no recording of Daladala");
    const covered = await notice.evaluate((element) => {
      const box = element.getBoundingClientRect();
      return [...document.querySelectorAll("button, input, select, summary")]
        .filter((control) => control.checkVisibility())
        .filter((control) => {
          const { left, right, top, bottom } = control.getBoundingClientRect();
          return left < box.right && right > box.left && top < box.bottom && bottom > box.top;
        })
        .map((control) => control.outerHTML.slice(0, 80));
    });
    expect(covered).toEqual([]);
  }
});

test("single keys can be turned off", async ({ page, room }) => {
  await openLive(page, room);
  await page.keyboard.press("?");
  await page.getByRole("checkbox", { name: /^Single keys work/ }).uncheck();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  for (const key of ["Space", "3", "h", "g"]) await page.keyboard.press(key);
  expect((await probe(page)).paused).toBe(false);
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.locator(".instruments")).toBeVisible();
  await page.getByRole("button", { name: "Help and keys" }).click();
  expect(await cutTexts(page)).toEqual([]);
});

test("it is said who comes, goes and comes back", async ({ page, room, context }) => {
  await openLive(page, room);
  const other = await context.newPage();
  // Pages that are not in front draw nothing.
  await page.bringToFront();
  const said = page.locator(".comings");
  await other.goto(`${room}&name=Asha`);
  await expect(said).toContainText("Asha has joined.");
  await expect(page.locator(".room .who")).toContainText("Asha");
  // It comes back as the same Asha once it has heard that it is in the room.
  await expectLive(other);
  // A page that is only loaded anew may be back before its old connection is known to be gone: then nobody left.
  await other.goto("about:blank");
  await expect(said).toContainText("Asha has left.");
  await other.goBack();
  await expect(said).toContainText("Asha came back.");
  await expect(said).toBeEmpty();
  await other.close();
});
