/** A class: links, codes, tokens, votes on phones and on the projector; and pictures for elsewhere. */
import { readFile } from "node:fs/promises";
import {
  cutTexts,
  expect,
  expectLive,
  openLive,
  pauseByKey,
  picture,
  probe,
  sceneDrawn,
  test,
} from "./page";
import { startServer } from "./server";

test("a link to a moment shows that moment", async ({ page, room, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openLive(page, room);
  await page.waitForFunction(() => window.daladala.latestSeq > 12);
  // On a busy machine the frame might be kept no more by the time that the link is opened.
  await pauseByKey(page);
  const share = page.getByRole("button", { name: "Copy a link to this moment" });
  await expect(share).toBeHidden();
  const bar = page.locator("input.scrub");
  await bar.press("Home");
  await page.waitForFunction(() => {
    const { watching, seq } = window.daladala;
    return watching.kind === "back" && watching.seq === seq && seq < 5;
  });
  const { seq, room: code } = await probe(page);
  await share.click();
  await expect(page.locator(".time-bar")).toContainText("The link is copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain(`#room=${code}&seq=${seq}`);

  await openLive(page, link);
  await page.waitForFunction((at) => window.daladala.seq === at, seq);
  expect((await probe(page)).watching.kind).toBe("back");
  // Of another run it is said that it is gone.
  await page.goto("about:blank");
  await openLive(page, `${server.url}/?lang=en#room=${code ?? ""}&seq=3&epoch=5`);
  await expect(page.locator(".time-bar .problem").last()).toContainText("is gone");
});

test("embedded, there is a picture with its story, and no keys", async ({ page, room }) => {
  await page.setViewportSize({ width: 640, height: 400 });
  await page.goto(`${room}&embed`);
  await sceneDrawn(page);
  await expect(page.locator(".instruments")).toBeVisible();
  for (const hidden of [".side", ".dock", ".tools", ".intro"]) {
    await expect(page.locator(hidden).first()).toBeHidden();
  }
  await page.keyboard.press("Space");
  await expect(page.getByRole("link", { name: "Open the whole page" })).toHaveAttribute(
    "href",
    /^(?!.*embed)/,
  );
  expect(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(
    true,
  );
  expect(await cutTexts(page)).toEqual([]);
  await picture(page, "embed");
  expect((await probe(page)).paused).toBe(false);
});

test("the picture is filmed and saved as a video", async ({ page, room }) => {
  await openLive(page, room);
  await sceneDrawn(page);
  await page.locator(".room .fold").click();
  await page.locator("details.recording summary").click();
  const film = page.locator("button.film");
  await film.click();
  await expect(film).toHaveText("Stop filming");
  // Drawn by software on a busy machine, the first picture may take its time.
  await expect(page.locator(".filming")).toContainText("MB so far");
  const [download] = await Promise.all([page.waitForEvent("download"), film.click()]);
  expect(download.suggestedFilename()).toMatch(/^daladala-.*\.webm$/);
  const bytes = await readFile(await download.path());
  // The mark that every WebM file begins with.
  expect([...bytes.subarray(0, 4)]).toEqual([0x1a, 0x45, 0xdf, 0xa3]);
  expect(bytes.length).toBeGreaterThan(1_000);
});

test("what is refused for good is said and not tried again; a token can be pasted", async ({
  page,
}) => {
  const closed = await startServer({ more: ["--anonymous", "none"] });
  try {
    let asked = 0;
    page.on("websocket", () => {
      asked += 1;
    });
    await page.goto(`${closed.url}/?lang=en`);
    const notice = page.locator(".notice");
    await expect(notice).toContainText("does not let this page in");
    await expect(page.locator(".pill-text")).toHaveText("Not let in");
    const before = asked;
    await page.waitForTimeout(3_000);
    expect(asked).toBe(before);
    await picture(page, "token");
    await notice.getByLabel("Token, or an address that has one").fill("http://x/#token=no.good");
    await notice.getByRole("button", { name: "Enter" }).click();
    await expect(page).toHaveURL(/#token=no\.good$/);
    await expect(notice).toContainText("does not let this page in");
  } finally {
    await closed.close();
  }
});

test("a vote is the first thing on a phone, and its tally is seen by all", async ({
  page,
  room,
  context,
}) => {
  // It is there before the vote: who comes into a turn is told of the next.
  const projector = await context.newPage();
  await projector.setViewportSize({ width: 1440, height: 900 });
  await openLive(projector, `${room}&present`);
  await page.bringToFront();
  await page.setViewportSize({ width: 390, height: 844 });
  await openLive(page, `${room}&name=Juma`);
  await expect(page.locator(".room .who")).toContainText("Juma");
  const vote = page.locator("details.vote");
  await vote.locator("summary").click();
  await vote.getByLabel("Seconds a turn").fill("300");
  await vote.getByRole("button", { name: "Start voting" }).click();
  const ballot = page.locator(".card.votes");
  await expect(ballot).toContainText("0 of 1 have chosen");
  const first = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".dock, .side > .card")]
      .filter((card) => card.checkVisibility())
      .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
      .map((card) => card.className)
      .at(0),
  );
  expect(first).toContain("votes");
  await ballot.getByRole("button", { name: "Move" }).click();
  await expect(ballot.locator(".tally .chosen")).toContainText("Move");
  await expect(ballot.locator(".tally .chosen .amount")).toHaveText("1");
  expect(await cutTexts(page)).toEqual([]);
  await picture(page, "vote-phone", true);

  await projector.bringToFront();
  await expect(projector.locator(".card.votes")).toContainText("0 of 1 have chosen");
  await expect(projector.locator(".tracker .legend")).toBeVisible();
  await expect(projector.locator(".card.drive")).toBeHidden();
  expect(await cutTexts(projector)).toEqual([]);
  await picture(projector, "projector");
  await projector.close();
});

test("the link to a room is shown as a code", async ({ page, room }) => {
  await openLive(page, room);
  await page.locator(".room .fold").click();
  await page.locator("details.code summary").click();
  await expect(page.locator(".qr path")).toHaveAttribute("d", /^M0 0h1v1/);
  await expect(page.locator("details.code .note")).toContainText("--host 0.0.0.0");
  await expectLive(page);
});
