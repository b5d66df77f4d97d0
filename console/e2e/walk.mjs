// Walks calls, voicemail and the frame of the console in Chromium as people do. Prints one JSON line a check; pictures go to the folder given.
import { PHONE, accessible, check, finish, heading, must, open, peer, picture, signIn, visible } from "./kit.mjs";

const PLACES = [["live", "Live"], ["calls", "Calls"], ["voicemail", "Voicemail"], ["audit", "Audit log"], ["system", "System"]];

const page = await open();

await check("sign-in says only that it failed, keeps the name, and lets the right password in", async () => {
  await visible(heading(page, "Sign in"));
  await picture(page, "signin");
  await accessible(page, "sign-in");
  await signIn(page, peer.username, "not the password");
  await visible(page.getByText("do not match"));
  must((await page.getByRole("textbox", { name: "User name" }).inputValue()) === peer.username, "the user name is gone");
  await page.getByLabel("Password", { exact: true }).fill(peer.password);
  await page.keyboard.press("Enter");
  await visible(heading(page, "Live"));
  await picture(page, "live");
});

await check("the cookie is out of reach of scripts", async () => {
  must((await page.evaluate(() => document.cookie)) === "", "a script can read a cookie");
  const cookies = await page.context().cookies();
  must(cookies.length === 1 && cookies[0].name === "__Host-auricle" && cookies[0].httpOnly && cookies[0].secure && cookies[0].sameSite === "Strict", JSON.stringify(cookies));
});

await check("live calls come, change and go by themselves", async () => {
  const row = page.getByRole("row").filter({ hasText: "Joe Castellano" });
  await peer.say("ring");
  await visible(row.getByText("Ringing Dana Reyes"));
  await visible(row.getByText("Public network beyond the gateway"));
  await peer.say("talk");
  await visible(row.getByText("Talking with Dana Reyes"));
  const before = await row.locator("td").last().textContent();
  await page.waitForFunction(([was]) => [...document.querySelectorAll("tr")].some((tr) => tr.textContent.includes("Joe Castellano") && tr.lastChild.textContent !== was), [before]);
  await peer.say("end");
  await row.waitFor({ state: "detached" });
});

await check("a part that restarts is said, with what it means, and unsaid", async () => {
  await peer.say("service rtpengine restarting");
  await visible(page.getByText("The sound relay is restarting."));
  await picture(page, "banner");
  await peer.say("service rtpengine up");
  await page.getByText("The sound relay is restarting.").waitFor({ state: "detached" });
});

await check("keys without a passphrase are said", async () => {
  await peer.say("service keys development");
  await visible(page.getByText("are for trying out only"));
  await peer.say("service keys up");
});

await check("keys go places; ? shows them; Ctrl-K finds pages", async () => {
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await visible(heading(page, "Calls"));
  await page.keyboard.press("?");
  await visible(page.getByRole("dialog", { name: "Keyboard" }));
  await accessible(page, "keys");
  await picture(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Type a page or an action" }).fill("audi");
  await accessible(page, "palette");
  await picture(page, "palette");
  await page.keyboard.press("Enter");
  await visible(heading(page, "Audit log"));
});

await check("the call log is walked by keys, filtered, and opens beside the list", async () => {
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  const first = page.locator('[data-index="0"]');
  await visible(first);
  const height = (await first.boundingBox()).height;
  must(height >= 32 && height <= 36, `rows are ${height} px`);
  await first.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "2");
  await page.keyboard.press("Enter");
  await visible(page.getByRole("complementary", { name: "Call" }));
  await visible(page.getByText("Lines"));
  await picture(page, "calls");
  await accessible(page, "calls");
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await page.keyboard.press("End");
  await page.waitForFunction(() => Number(document.activeElement?.getAttribute("data-index")) >= 99);
  await page.waitForFunction(() => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")) > 200);
  must((await page.locator(".grid-row").count()) < 80, "all rows are in the page");
  await page.keyboard.press("/");
  await page.keyboard.type("555-0121");
  await page.waitForFunction(() => [...document.querySelectorAll(".grid-row")].every((row) => row.textContent.includes("555-0121")));
  await page.getByRole("textbox", { name: "Filter by name or number" }).fill("nobody of that name");
  await page.getByRole("button", { name: "Show all calls" }).click();
  await visible(page.locator('[data-index="3"]'));
});

await check("voicemail plays, shows its shape, seeks by word and key, and is marked heard at its end", async () => {
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: /^Voicemail/ }).click();
  await page.getByRole("button", { name: /Maria Alvarez/ }).click();
  await visible(page.getByRole("button", { name: /lisinopril/ }));
  must((await page.getByRole("button", { name: /lisinopril/ }).getAttribute("class")).includes("word-unsure"), "the word is not marked");
  await page.keyboard.press("k");
  await visible(page.getByRole("button", { name: "Pause" }));
  await page.waitForFunction(() => Number(document.querySelector(".waveform").getAttribute("aria-valuenow")) >= 1);
  await page.waitForFunction(() => document.querySelectorAll(".bar-done").length > 2 && [...document.querySelectorAll(".bar")].some((bar) => Number(bar.getAttribute("height")) > 15));
  await page.getByRole("button", { name: /pharmacy/ }).click();
  await page.waitForFunction(() => document.querySelector(".word-spoken")?.textContent.startsWith("pharmacy"));
  await picture(page, "voicemail");
  await accessible(page, "voicemail");
  await page.getByRole("radio", { name: "2×" }).check({ force: true });
  await page.keyboard.press("k");
  await visible(page.getByRole("button", { name: "Play", exact: true }));
  const slider = page.getByRole("slider", { name: "Place in the recording" });
  await slider.focus();
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector(".waveform").getAttribute("aria-valuenow") === "0");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector(".waveform").getAttribute("aria-valuenow") === "5");
  const total = Number(await slider.getAttribute("aria-valuemax"));
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(([want]) => Math.abs(Number(document.querySelector(".waveform").getAttribute("aria-valuenow")) - want) <= 1, [total - 5]);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await visible(page.locator(".heard"));
});

await check("the browser plays and seeks the recording straight from the API by ranges", async () => {
  const end = await page.evaluate(async () => {
    const audio = new Audio("/api/v1/voicemails/vm2/audio");
    audio.preload = "metadata";
    await new Promise((done, failed) => {
      audio.onloadedmetadata = done;
      audio.onerror = () => failed(new Error(audio.error.message));
    });
    audio.currentTime = audio.duration - 1;
    await new Promise((done) => (audio.onseeked = done));
    audio.muted = true;
    await audio.play();
    await new Promise((done) => (audio.onended = done));
    return [audio.duration, audio.currentTime];
  });
  must(end[0] > 3 && Math.abs(end[0] - end[1]) < 0.2, JSON.stringify(end));
});

await check("no speech, text in the making, cut and damaged recordings are said", async () => {
  await page.getByRole("button", { name: /Number withheld/ }).click();
  await visible(page.getByText("No speech: the caller said nothing that could be understood."));
  await page.getByRole("button", { name: /Joe Castellano/ }).click();
  await visible(page.getByText("The text is being written."));
  await visible(page.getByText("The recording was cut short."));
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await visible(page.getByText("2 seconds of this recording are damaged and silent; the rest is whole."));
  await picture(page, "voicemail-damaged");
  await page.keyboard.press("k");
});

await check("a new message arrives by itself", async () => {
  await peer.say("voicemail");
  await visible(page.getByRole("button", { name: /results|Maria Alvarez/ }).first());
  await page.waitForFunction(() => document.querySelectorAll(".message").length === 5);
});

await check("the audit log reads as sentences and tells how to verify it", async () => {
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await visible(page.locator(".grid-row").filter({ hasText: "listened to a voicemail" }).first());
  await page.locator(".grid-row").filter({ hasText: "listened to a voicemail" }).first().click();
  await visible(page.getByText(/Iris Moreno listened to a voicemail \(voicemail vm\d\): allowed/));
  await picture(page, "audit");
  await accessible(page, "audit");
  await page.getByRole("button", { name: "How to verify" }).click();
  await visible(page.getByText("auricle audit verify"));
  await accessible(page, "verify");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

await check("patient data is veiled when the window is left or the lock key is pressed", async () => {
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  const name = page.getByText("Tom Whitfield").first();
  await visible(name);
  const color = () => name.evaluate((node) => getComputedStyle(node).color);
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  must((await color()) === "rgba(0, 0, 0, 0)", "readable while away");
  await picture(page, "veiled");
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  must((await color()) !== "rgba(0, 0, 0, 0)", "still veiled");
  await page.keyboard.press("Shift+L");
  await visible(page.getByText("Patient data is hidden."));
  must((await color()) === "rgba(0, 0, 0, 0)", "readable while locked");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  must((await color()) !== "rgba(0, 0, 0, 0)", "still locked");
});

for (const scheme of ["light", "dark"]) {
  await check(`every page passes axe at 390 px, ${scheme}`, async () => {
    const small = await open({ viewport: PHONE, colorScheme: scheme });
    await signIn(small);
    await visible(heading(small, "Live"));
    for (const [path, title] of PLACES) {
      await small.goto(`${peer.url}/${path}`);
      await visible(heading(small, title));
      await small.waitForLoadState("networkidle").catch(() => undefined);
      await accessible(small, `${path} ${scheme}`);
      const wide = await small.evaluate(() => document.documentElement.scrollWidth);
      must(wide <= PHONE.width, `${path} is ${wide} px wide`);
      await picture(small, `phone-${scheme}-${path}`);
    }
    await small.goto(`${peer.url}/voicemail/vm1`);
    await visible(small.getByRole("button", { name: /lisinopril/ }));
    await accessible(small, `voicemail message ${scheme}`);
    await picture(small, `phone-${scheme}-message`);
    await small.goto(`${peer.url}/calls`);
    await small.locator(".grid-row").first().click();
    await visible(small.getByRole("complementary"));
    await picture(small, `phone-${scheme}-call`);
    await accessible(small, `call ${scheme}`);
    await small.context().close();
  });
}

await check("every page passes axe on a desktop in the dark", async () => {
  const dark = await open({ colorScheme: "dark" });
  await visible(heading(dark, "Sign in"));
  await accessible(dark, "sign-in dark");
  await picture(dark, "dark-signin");
  await signIn(dark);
  await visible(heading(dark, "Live"));
  await peer.say("service kamailio stopped");
  await visible(dark.getByText("The phone gateway is down."));
  for (const [path, title] of PLACES) {
    await dark.goto(`${peer.url}/${path}${path === "voicemail" ? "/vm1" : ""}`);
    await visible(heading(dark, title));
    await visible(dark.getByText("The phone gateway is down."));
    await accessible(dark, `${path} dark`);
    await picture(dark, `dark-${path}`);
  }
  await peer.say("service kamailio up");
  await dark.context().close();
});

await check("Spanish, from sign-in to the last page", async () => {
  const spanish = await open({ locale: "es-US" });
  await visible(spanish.getByRole("heading", { name: "Iniciar sesión" }));
  await signIn(spanish);
  await visible(heading(spanish, "En vivo"));
  must((await spanish.evaluate(() => document.documentElement.lang)) === "es", "the page's language");
  await spanish.goto(`${peer.url}/voicemail/vm1`);
  await visible(spanish.getByText("Las palabras subrayadas", { exact: false }));
  await picture(spanish, "spanish");
  await spanish.context().close();
});

await check("a role sees only its places, and what it may not have is refused in words", async () => {
  const operator = await open();
  await signIn(operator, "leo.park");
  await visible(heading(operator, "People"));
  must((await operator.getByRole("navigation").getByRole("link").count()) === 3, "more places than the role has");
  await operator.goto(`${peer.url}/voicemail`);
  await visible(operator.getByText("There is no such page."));
  const answer = await operator.evaluate(async () => (await fetch("/api/v1/voicemails")).json());
  must(answer.status === 403 && answer.type === "access.not_permitted", JSON.stringify(answer));
  await operator.context().close();
});

await check("empty places teach the next step", async () => {
  const empty = await open();
  await peer.say("empty");
  await signIn(empty);
  await visible(empty.getByText("Nobody is on the line."));
  await picture(empty, "empty-live");
  await empty.goto(`${peer.url}/voicemail`);
  await visible(empty.getByText("No voicemail."));
  await empty.goto(`${peer.url}/calls`);
  await visible(empty.getByText("No calls yet."));
  await accessible(empty, "empty calls");
  await empty.context().close();
});

await check("a session that ends on the server ends the view, and says why", async () => {
  await peer.say("expire");
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await visible(page.getByText("The session was ended."));
  must(!(await page.content()).includes("555-01"), "numbers are still in the page");
  await picture(page, "ended");
});

await check("signing out ends the session on the server", async () => {
  await signIn(page);
  await visible(heading(page, "Calls"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await visible(page.getByText("You are signed out."));
  const status = await page.evaluate(async () => (await fetch("/api/v1/session")).status);
  must(status === 401, `the session still answers ${status}`);
});

await finish();
