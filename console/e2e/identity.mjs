// Walks sign-in, second factors, step-up, locking, people and API keys in Chromium. Prints one JSON line a check; pictures go to the folder given.
import { accessible, check, dialog, finish, gone, heading, must, open, peer, picture, prove, proveIfAsked, signIn, visible } from "./kit.mjs";

const CODE = "123456"; // the fakes' authenticator

const page = await open();
await signIn(page);
await visible(heading(page, "Live"));

await check("an authenticator is set up with a code drawn here, and its recovery codes are shown once", async () => {
  await page.getByRole("link", { name: "Iris Moreno" }).click();
  await visible(heading(page, "My security"));
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  await visible(page.getByRole("img", { name: "QR code for the authenticator app" }));
  await picture(page, "totp-setup");
  await accessible(page, "totp setup");
  await page.getByLabel("The code the app shows now").fill("000000");
  await page.getByRole("button", { name: "Confirm" }).click();
  await visible(page.getByText("That code is not right."));
  await page.getByLabel("The code the app shows now").fill(CODE);
  await page.getByRole("button", { name: "Confirm" }).click();
  await visible(page.getByText("These codes are shown this once."));
  await picture(page, "recovery-codes");
  await accessible(page, "recovery codes");
  must(await page.getByRole("button", { name: "Done", exact: true }).isDisabled(), "it can be closed before they are kept");
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await visible(page.getByText("You are asked for its code when you sign in."));
});

await check("a weak password is called weak while it is typed", async () => {
  await page.getByLabel("New password").fill("password1234");
  await visible(page.locator(".strength meter"));
  await page.getByLabel("New password").fill("");
});

await check("a passkey is made, and signs in without a password", async () => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await dialog(page, "Add a passkey").getByLabel("Name").fill("Front desk computer");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await page.waitForFunction(() => document.body.textContent.includes("Is it you?") || document.querySelector("li strong")?.textContent === "Front desk computer");
  if (await dialog(page, "Is it you?").isVisible()) await prove(page, CODE);
  await visible(page.getByText("Front desk computer"));
  await picture(page, "security");
  await accessible(page, "security");
  await page.evaluate(() => localStorage.removeItem("auricle-passkey"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await visible(heading(page, "Sign in"));
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await visible(heading(page, "My security"));
  const offered = page.waitForResponse((answer) => answer.url().endsWith("/session/passkey") && answer.ok());
  await page.getByRole("button", { name: "Sign out" }).click(); // now this browser is known to have one, and offers it by itself
  await offered;
  await visible(heading(page, "My security"));
  await devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  await page.evaluate(() => localStorage.removeItem("auricle-passkey"));
});

await check("the second step takes a wrong code, a right one, and a recovery code", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page);
  await visible(heading(page, "One more step"));
  await accessible(page, "second step");
  await picture(page, "second-step");
  await page.getByLabel("Code from your authenticator app").fill("000000");
  await visible(page.getByText("That code is not right."));
  await page.getByRole("button", { name: "Use a recovery code instead" }).click();
  await visible(page.getByLabel("Recovery code"));
  await page.getByRole("button", { name: "Use the authenticator app instead" }).click();
  await page.getByLabel("Code from your authenticator app").fill(CODE);
  await visible(heading(page, "My security"));
});

await check("too many tries are counted down", async () => {
  const other = await open();
  for (let tries = 0; tries < 7; tries += 1) {
    await signIn(other, "ben.tran", `wrong ${tries}`);
    await other.waitForFunction(() => document.querySelector(".trouble")?.textContent !== "");
  }
  await visible(other.getByText(/Too many tries\. Try again in \d+ second/));
  must(await other.getByRole("button", { name: "Sign in", exact: true }).isDisabled(), "another try is offered");
  await picture(other, "throttled");
  await other.context().close();
});

await check("what needs a step-up asks, and then goes on with what was typed", async () => {
  await page.goto(`${peer.url}/access/grants`);
  await visible(page.getByText("Covers the front desk this week"));
  await page.getByRole("button", { name: "Make a grant" }).click();
  const form = dialog(page, "Make a grant");
  await form.getByLabel("Who").selectOption({ label: "Ben Tran" });
  await form.getByLabel("May").selectOption("voicemail.list");
  await form.getByLabel("On what").selectOption("mailbox");
  await form.getByLabel("One mailbox").fill("front-desk");
  await form.getByLabel("Reason").fill("Helps out on Monday");
  await picture(page, "grant-form");
  await form.getByRole("button", { name: "Make a grant" }).click();
  await visible(dialog(page, "Is it you?"));
  await picture(page, "step-up");
  await accessible(page, "step-up");
  await page.keyboard.press("Escape");
  await gone(dialog(page, "Is it you?"));
  must((await form.getByLabel("Reason").inputValue()) === "Helps out on Monday", "the reason is gone");
  await form.getByRole("button", { name: "Make a grant" }).click();
  await prove(page, CODE);
  await visible(page.getByText("Helps out on Monday"));
  await gone(form);
});

await check("locking takes the page out of the document and gives it back as it was", async () => {
  await page.goto(`${peer.url}/calls`);
  await visible(page.locator(".grid-row").first());
  await page.getByRole("textbox", { name: "Filter by name or number" }).fill("Maria");
  await page.locator(".grid-row").nth(2).click();
  await visible(page.getByRole("complementary", { name: "Call" }));
  await page.keyboard.press("Shift+X");
  await visible(heading(page, "Locked"));
  must(!(await page.content()).includes("555-01"), "numbers are still in the document");
  must(!(await page.content()).includes("Maria"), "names are still in the document");
  must((await page.getByRole("textbox", { name: "User name" }).inputValue()) === peer.username, "the user name is not known");
  await page.waitForFunction(async () => (await fetch("/api/v1/session")).status === 401);
  await picture(page, "locked");
  await accessible(page, "locked");
  await page.getByLabel("Password", { exact: true }).fill(peer.password);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code from your authenticator app").fill(CODE);
  await visible(page.getByRole("complementary", { name: "Call" }));
  must((await page.getByRole("textbox", { name: "Filter by name or number" }).inputValue()) === "Maria", "the filter is gone");
});

await check("another person finds a clean console", async () => {
  await page.goto(`${peer.url}/access/what-if`);
  await visible(heading(page, "What if"));
  await page.getByLabel("One record (id)").fill("vm1");
  await page.getByRole("heading", { name: "What if" }).click();
  await page.keyboard.press("Shift+X");
  await visible(heading(page, "Locked"));
  await page.getByRole("textbox", { name: "User name" }).fill("dana.reyes");
  await page.getByLabel("Password", { exact: true }).fill(peer.password);
  await page.keyboard.press("Enter");
  await visible(heading(page, "What if"));
  must((await page.getByLabel("One record (id)").inputValue()) === "", "the other person's work is shown");
  await page.getByRole("button", { name: "Sign out" }).click();
});

await check("an idle window warns, stays by a key, locks, and locks the other window too", async () => {
  const context = (await open()).context();
  const [first] = context.pages();
  await first.clock.install();
  await first.goto(peer.url);
  await signIn(first, "noor.haddad");
  await visible(heading(first, "Live"));
  const second = await context.newPage();
  await second.goto(`${peer.url}/calls`);
  await visible(heading(second, "Calls"));
  await first.clock.fastForward(14 * 60_000 + 10_000);
  await visible(first.getByText("It locks in a minute; what you typed is kept."));
  await picture(first, "idle-warning");
  await accessible(first, "idle warning");
  await first.keyboard.press("Shift");
  await gone(first.getByText("It locks in a minute; what you typed is kept."));
  await first.clock.fastForward(14 * 60_000 + 10_000);
  await visible(first.getByText("It locks in a minute; what you typed is kept."));
  await first.clock.fastForward(61_000);
  await visible(heading(first, "Locked"));
  await visible(heading(second, "Locked"));
  must(!(await second.content()).includes("555-01"), "numbers are still in the other window");
  await second.getByLabel("Password", { exact: true }).fill(peer.password);
  await second.keyboard.press("Enter");
  await visible(heading(second, "Calls"));
  await visible(heading(first, "Live"));
  await context.close();
});

await check("the first person comes back", async () => {
  await page.goto(peer.url);
  await signIn(page);
  await page.getByLabel("Code from your authenticator app").fill(CODE);
  await visible(heading(page, "Live"));
});

await check("a person's access is ended with a reason, after a plain sentence, and given back", async () => {
  await page.goto(`${peer.url}/people`);
  await page.locator(".grid-row").filter({ hasText: "Ben Tran" }).click();
  await visible(page.getByRole("complementary", { name: "Person" }));
  await picture(page, "people");
  await accessible(page, "people");
  await page.getByRole("button", { name: "End access" }).click();
  const box = dialog(page, "End all access of Ben Tran");
  await visible(box.getByText(/Within a second:/));
  await box.getByLabel(/Reason/).fill("Left the practice");
  await picture(page, "terminate");
  await accessible(page, "terminate");
  await box.getByRole("button", { name: "End access" }).click();
  await proveIfAsked(page, gone(box), CODE);
  await visible(page.locator(".grid-row").filter({ hasText: "Ben Tran" }).getByText("Ended"));
  await page.getByRole("button", { name: "Give access back" }).click();
  await dialog(page).getByLabel(/Reason/).fill("Came back");
  await dialog(page).getByRole("button", { name: "Give access back" }).click();
  await visible(page.getByRole("button", { name: "End access" }));
});

await check("an API key is made, shown once, and ended", async () => {
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("button", { name: "Make an API key" }).click();
  const box = dialog(page, "Make an API key");
  await box.getByLabel("What for").fill("Nightly report");
  await box.getByRole("checkbox").first().check();
  await picture(page, "api-key-form");
  await accessible(page, "api key form");
  await box.getByRole("button", { name: "Make an API key" }).click();
  await visible(box.getByText("This key is shown this once."));
  await picture(page, "api-key-once");
  await box.getByRole("button", { name: "I have kept it" }).click();
  await visible(page.getByText("Nightly report", { exact: true }));
  await page.getByRole("button", { name: "End: Nightly report" }).click();
  await dialog(page, "End").getByRole("button", { name: "End", exact: true }).click();
  await gone(page.getByText("Nightly report", { exact: true }));
});

await check("who has no second factor where one is asked for sets it up first", async () => {
  await peer.say("require on");
  const amara = await open();
  await signIn(amara, "amara.nwosu");
  await visible(heading(amara, "Set up a second factor"));
  await picture(amara, "enrol");
  await accessible(amara, "enrol");
  await amara.getByRole("button", { name: "Set up an authenticator app" }).click();
  await amara.getByLabel("The code the app shows now").fill(CODE);
  await amara.getByRole("button", { name: "Confirm" }).click();
  await amara.getByLabel("I have kept them").check();
  await amara.getByRole("button", { name: "Done", exact: true }).click();
  await visible(heading(amara, "Live"));
  await amara.context().close();
  await peer.say("require off");
});

await finish();
