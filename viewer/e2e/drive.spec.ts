/** Watching a room, and driving it. */
import { expect, expectLive, openLive, pauseByKey, picture, probe, sceneDrawn, test } from "./page";

test("the bus drives, the numbers change, a second episode comes", async ({ page, server }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await openLive(page, `${server.url}/?lang=en`);
  await sceneDrawn(page);
  const first = await probe(page);
  // Not the step: an episode may have been at its last.
  await page.waitForFunction((seq) => (window.daladala.seq ?? 0) > seq, first.seq ?? 0);
  await expect(page.locator('[data-field="action"]')).not.toHaveText("–");
  await expect(page.locator('[data-field="why"]')).not.toBeEmpty();
  const places = new Set<string>();
  await expect
    .poll(async () => {
      const { scene } = await probe(page);
      places.add(JSON.stringify(scene?.bus));
      return places.size;
    })
    .toBeGreaterThan(3);

  await page.waitForFunction((seen) => window.daladala.episodesSeen > seen, first.episodesSeen);
  await expect(page.locator(".summary")).toBeVisible();
  await expect(page.locator('[data-field="seen-average"]')).toHaveText(/^[+−]\d/);
  await expect(page.locator('[data-field="last"]')).toContainText("return");
  expect((await probe(page)).malformed).toBe(0);
  expect(errors).toEqual([]);
});

test("the end of an episode is summed up over the scene", async ({ page, room }) => {
  await openLive(page, room);
  await page.waitForFunction(() => window.daladala.episodesSeen >= 1);
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".summary")).toBeVisible();
  await picture(page, "end-of-episode");
  // It leaves by itself, and the next episode is seen.
  await expect(page.locator(".summary")).toBeHidden();
});

test("the model's mind, the reward's parts and the plot tell the same step", async ({
  page,
  room,
}) => {
  await openLive(page, room);
  await page.waitForFunction(() => (window.daladala.step ?? 0) > 4);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForFunction(() => window.daladala.paused);
  // It may have been paused right after a reset, and nothing was chosen there.
  if ((await probe(page)).action === null) {
    await page.getByRole("button", { name: "Single step" }).click();
    await page.waitForFunction(() => window.daladala.action !== null);
  }
  const { outputs, rewardTerms, action } = await probe(page);
  expect(rewardTerms).toBeGreaterThan(0);
  await expect(page.locator(".mind li")).toHaveCount(outputs);
  const chosen = page.locator(".mind li.chosen");
  await expect(chosen).toContainText(action ?? "");
  await expect(chosen).toContainText("chosen");
  const shares = await page.locator(".mind .amount").allTextContents();
  const sum = shares.map((share) => Number(/\d+/.exec(share)?.[0]));
  expect(sum.reduce((total, share) => total + share)).toBeGreaterThan(95);

  const terms = await page.locator(".terms li .amount").allTextContents();
  const total = terms.map((term) => Number(term.replace("−", "-"))).reduce((a, b) => a + b);
  const reward = await page.locator('[data-field="reward"]').textContent();
  expect(total).toBeCloseTo(Number(reward?.replace("−", "-")), 0);
  await expect(page.locator(".plot")).toHaveAttribute("aria-label", /^Over steps \d+ to \d+/);
});

test("what is shown is one story: where it was, what it saw, what it did, what came", async ({
  page,
  room,
  request,
  server,
}) => {
  await openLive(page, room);
  await pauseByKey(page);
  const { room: code } = await probe(page);
  const api = `${server.url}/api/rooms/${code ?? ""}`;
  await request.post(`${api}/reset`, { data: { seed: 3 } });
  const drawn = (step: number) =>
    page.waitForFunction(
      (at) => window.daladala.step === at && window.daladala.drawnSeq === window.daladala.seq,
      step,
    );
  await drawn(0);
  const seen: string[] = [];
  for (let step = 1; step <= 28; step += 1) {
    await request.post(`${api}/step`, { data: { action: "Stop" } });
    await drawn(step);
    const saw = await page.locator(".saw").innerText();
    const why = (await page.locator('[data-field="why"]').textContent()) ?? "";
    seen.push(saw);
    // A light is told of by the step that answered to it, and by no other.
    expect(why.includes("red light")).toBe(saw.includes("Red light"));
    expect(why.includes("police")).toBe(saw.includes("Police"));
    expect(why).toContain("rolled on, as these rules have it");
  }
  expect(seen.join()).toContain("Red light");
  expect(seen.join()).toContain("Police");
  await expect(page.locator(".status")).toContainText("of 29");
});

test("a driver who stops for nobody is told of as one", async ({ page, room, request, server }) => {
  await openLive(page, room);
  await pauseByKey(page);
  const { room: code } = await probe(page);
  const api = `${server.url}/api/rooms/${code ?? ""}`;
  await request.post(`${api}/reset`, { data: { seed: 3 } });
  for (let step = 1; step <= 29; step += 1) {
    await request.post(`${api}/step`, { data: { action: "Move" } });
  }
  await expect(page.locator(".summary")).toBeVisible();
  const offences = page.locator('[data-field="offences"]');
  await expect(offences).toHaveText(/^[1-9]\d* red lights? run and [1-9]\d* checkpoints? passed/);
  await expect(page.locator('[data-field="why"]')).toContainText("within capacity, never fined");
  await expect(page.locator("body")).not.toContainText("kept to the law");
  // Who comes late is told the same of the whole trip.
  const said = await offences.textContent();
  await page.reload();
  await expect(page.locator('[data-field="story-saw"]')).not.toContainText("Not seen");
  expect(said).not.toContain("not seen here");
});

test("a room is paused, stepped, slowed and resumed from the keyboard", async ({ page, room }) => {
  await openLive(page, room);
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await expect(page.locator(".pill-text")).toHaveText("Paused");
  await expect(page.locator(".say-status")).toContainText("Paused");
  const before = await probe(page);
  // Pictures end with what moves: a page that stands still draws nothing.
  await page.waitForFunction(() => window.daladala.scene?.rendering === false);

  for (const more of [1, 2]) {
    await page.getByRole("button", { name: "Single step" }).press("Space");
    await page.waitForFunction((seq) => window.daladala.seq === seq, (before.seq ?? 0) + more);
  }
  await page.locator("input.speed").press("ArrowRight");
  await page.waitForFunction((fps) => (window.daladala.fps ?? 0) > fps, before.fps ?? 0);
  // The space bar where nothing has the focus.
  await page.locator("input.speed").blur();
  await page.keyboard.press("Space");
  await expectLive(page);
  await page.waitForFunction((seq) => (window.daladala.seq ?? 0) > seq, (before.seq ?? 0) + 2);
});

test("keys of the page leave what has the focus alone", async ({ page, room }) => {
  await openLive(page, room);
  const fold = page.getByRole("button", { name: "Episodes seen" });
  await fold.press("Space");
  await expect(fold).toHaveAttribute("aria-expanded", "false");
  const vote = page.locator("details.vote");
  await vote.locator("summary").press("Space");
  await expect(vote).toHaveAttribute("open", "");
  await page.getByLabel("Seed").fill("");
  await page.getByLabel("Seed").pressSequentially("12");
  expect(await probe(page)).toMatchObject({ paused: false, scene: { camera: "chase" } });
  // All of them are told, with those of the room's actions.
  await page.getByRole("button", { name: "Help and keys" }).press("Space");
  const help = page.getByRole("dialog", { name: "Help" });
  await expect(help).toContainText("At the wheel");
  await expect(help).toContainText("Pick up");
  expect((await probe(page)).paused).toBe(false);
});

test("the wheel is taken by keys, said to everybody, and given back", async ({ page, room }) => {
  await openLive(page, room);
  const other = await page.context().newPage();
  await openLive(other, room);
  await page.bringToFront();
  await page.getByRole("button", { name: "Take the wheel" }).press("Enter");
  await page.keyboard.press("ArrowUp");
  await expect(page.locator(".pill-text")).toHaveText("Driven by hand");
  await expect(other.locator(".pill-text")).toHaveText("Driven by hand");
  const before = await probe(page);
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction((seq) => (window.daladala.seq ?? 0) > seq, before.seq ?? 0);
  await expect(page.locator('[data-field="action"]')).toHaveText("Stop");
  await expect(page.locator(".mind .note")).toContainText("A person chose");
  await expect(page.locator(".mind")).toContainText("would choose");
  await picture(page, "wheel");
  await page.keyboard.press("Escape");
  await expectLive(page);
  await other.close();
});

test("back in time alone, and to live again", async ({ page, room }) => {
  await openLive(page, room);
  await page.waitForFunction(() => window.daladala.latestSeq > 12);
  const bar = page.locator("input.scrub");
  await bar.focus();
  await bar.press("Home");
  await expect(page.locator(".pill-text")).toHaveText("Looking back");
  await page.waitForFunction(() => (window.daladala.seq ?? 0) < window.daladala.latestSeq - 3);
  await expect(page.locator(".say-status")).toContainText("not those of now");
  await picture(page, "looking-back");
  await page.getByRole("button", { name: "Back to live" }).click();
  await expectLive(page);
  await page.waitForFunction(() => window.daladala.seq === window.daladala.latestSeq);
});

test("a recording is made, dropped on the page, scrubbed and closed", async ({
  page,
  room,
  server,
  request,
}) => {
  await openLive(page, room);
  const { room: code } = await probe(page);
  const name = `e2e-${process.pid}`;
  const api = `${server.url}/api`;
  const begun = await request.post(`${api}/rooms/${code ?? ""}/record`, { data: { name } });
  expect(begun.ok(), await begun.text()).toBe(true);
  const { seq } = await probe(page);
  await page.waitForFunction((from) => (window.daladala.seq ?? 0) > from + 8, seq ?? 0);
  await request.post(`${api}/rooms/${code ?? ""}/record_stop`, { data: {} });
  const bytes = [...(await (await request.get(`${api}/recordings/${name}`)).body())];
  const drop = await page.evaluateHandle((data) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(data)], "dropped.dalarec"));
    return transfer;
  }, bytes);
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("body", type, { dataTransfer: drop });
  }
  await expect(page.locator(".pill-text")).toHaveText("Recording");
  expect((await probe(page)).watching).toMatchObject({ kind: "recording", name: "dropped" });
  await page.locator("input.scrub").press("End");
  await page.waitForFunction(() => {
    const { watching } = window.daladala;
    return watching.kind === "recording" && watching.index === watching.count - 1;
  });
  await picture(page, "recording");
  await page.locator(".time-bar .close").click();
  await expectLive(page);
});

test("all rooms are seen at once, and one is entered", async ({ page, room }) => {
  await openLive(page, room);
  await page.getByRole("button", { name: "All rooms", exact: true }).click();
  const gallery = page.getByRole("dialog");
  await expect(gallery).toBeVisible();
  const tile = gallery.getByRole("button", { name: /main/ });
  await expect(tile.first()).toHaveAttribute("data-status", "live");
  await expect(tile.first()).toContainText(/Episode \d+/);
  await picture(page, "gallery");
  await tile.first().click();
  await page.waitForFunction(() => window.daladala.room === "main");
  await expect(page).toHaveURL(/room=main/);
});

test("who may only watch has nothing to drive with", async ({ page, room }) => {
  await page.routeWebSocket(/\/ws/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const greets = typeof message === "string" && message.includes('"type":"hello"');
      socket.send(greets ? message.replace('"role":"admin"', '"role":"watch"') : message);
    });
  });
  await openLive(page, room);
  expect((await probe(page)).role).toBe("watch");
  await expect(page.locator(".card.drive")).toBeHidden();
  await expect(page.locator(".time-bar")).toBeVisible();
});
