// Walks sign-in, locking, access, audit, compliance and keys in Chromium. Prints one JSON line a check; pictures go to the folder given.
import { PHONE, accessible, check, finish, heading, must, open, peer, picture, signIn, visible } from "./kit.mjs";

const CODE = "123456"; // the fakes' authenticator
const PAGES = [
  ["audit", "Audit log"], ["audit/alerts", "Alerts"], ["audit/patient", "Who looked at a record"], ["audit/checkpoints", "Checkpoints"],
  ["people", "People"], ["access", "Roles and actions"], ["access/what-if", "What if"], ["access/grants", "Grants"], ["access/patients", "Patients’ marks"],
  ["access/break-glass", "Break-glass review"], ["compliance", "Agreements"], ["compliance/retention", "Retention"], ["compliance/holds", "Legal holds"],
  ["keys", "Keys"], ["system", "System"], ["security", "My security"],
];
const dialog = (page, name) => page.getByRole("dialog", name === undefined ? {} : { name });
const gone = (locator) => locator.waitFor({ state: "detached" });

async function prove(page, code) {
  const box = dialog(page, "Is it you?");
  await visible(box);
  await box.getByLabel("Password", { exact: true }).fill(peer.password);
  if (code !== undefined) await box.getByLabel("Code from your authenticator app").fill(code);
  await box.getByRole("button", { name: "Go on" }).click();
}

/** Proves it where it is asked for; `until` is what shows that the act was done. */
async function proveIfAsked(page, until) {
  const asked = visible(dialog(page, "Is it you?")).then(() => true, () => false);
  if (await Promise.race([asked, until.then(() => false)])) await prove(page, CODE);
  return until;
}

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
  await page.getByRole("button", { name: "Sign out" }).click(); // now this browser is known to have one, and offers it by itself
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
  await proveIfAsked(page, gone(box));
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
  await visible(page.getByText("Nightly report"));
  await page.getByRole("button", { name: "End: Nightly report" }).click();
  await dialog(page, "End").getByRole("button", { name: "End", exact: true }).click();
  await gone(page.getByText("Nightly report"));
});

await check("the matrix is walked by keys and says why", async () => {
  await page.goto(`${peer.url}/access`);
  await visible(page.getByRole("grid"));
  await page.locator('[data-cell="0-0"]').focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await visible(page.getByText("Rules that decide"));
  must((await page.evaluate(() => document.activeElement.dataset.cell)) === "2-2", "the focus is elsewhere");
  await picture(page, "matrix");
  await accessible(page, "matrix");
  await page.keyboard.press("Escape");
  await gone(page.getByText("Rules that decide"));
  const head = await page.locator(".matrix").evaluate((box) => {
    box.scrollTo(400, 500);
    const [frame, corner, role] = [box, box.querySelector(".matrix-corner"), box.querySelector("tbody th")].map((node) => node.getBoundingClientRect());
    return [corner.top - frame.top, role.left - frame.left];
  });
  must(head.every((away) => Math.abs(away) < 2), `the heads scrolled away: ${head}`);
});

await check("what-if explains a refusal and what else would do", async () => {
  await page.getByRole("link", { name: "What if" }).click();
  await visible(heading(page, "What if"));
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "Iris Moreno" });
  await page.getByLabel("Wants to").selectOption("audit.export");
  await page.getByLabel("Kind of thing").selectOption("audit");
  await page.getByRole("button", { name: "Ask" }).click();
  await visible(page.getByRole("heading", { name: "Refused" }));
  await visible(page.getByText("What else would do"));
  await picture(page, "what-if");
  await accessible(page, "what-if");
});

await check("a patient is marked as restricted, with a care team", async () => {
  await page.getByRole("link", { name: "Patients’ marks" }).click();
  await visible(page.getByText("Restricted", { exact: true }).first());
  await page.getByRole("button", { name: "Mark a patient" }).click();
  const box = dialog(page, "Mark a patient");
  await box.getByLabel("Patient’s phone number").fill("+12025550177");
  await box.getByLabel("Dr. Amara Nwosu").check();
  await picture(page, "mark-form");
  await accessible(page, "mark form");
  await box.getByRole("button", { name: "Save" }).click();
  await gone(box);
  await visible(page.getByText("Cared for by Dr. Amara Nwosu").last());
  await picture(page, "patients");
});

await check("what a role may not read offers to break the glass, which is told, counted down, ended and reviewed", async () => {
  const desk = await open();
  await signIn(desk, "dana.reyes");
  await desk.goto(`${peer.url}/voicemail/vm1`);
  await visible(desk.getByText("You may not see or do this"));
  await picture(desk, "refused");
  await accessible(desk, "refused");
  await desk.locator(".voicemail-message").getByRole("button", { name: "Break glass" }).first().click();
  const box = dialog(desk, "Emergency access");
  await visible(box.getByText("only this record"));
  await box.getByLabel("Reason").fill("Caller says she took too much and hung up");
  await box.getByText("15 min").click();
  await picture(desk, "break-glass");
  await accessible(desk, "break glass");
  await box.getByRole("button", { name: "Break glass" }).click();
  await visible(desk.getByText("You have emergency access."));
  await visible(desk.getByRole("button", { name: /lisinopril/ }));
  await visible(desk.getByText(/1[45]:\d\d left/));
  await picture(desk, "break-glass-on");
  await accessible(desk, "break glass on");
  await visible(page.getByText("Dana Reyes has broken the glass."));
  await page.getByRole("link", { name: "Look at it" }).click();
  await visible(page.getByText("Caller says she took too much and hung up").last());
  await picture(page, "break-glass-review");
  await accessible(page, "break glass review");
  await desk.getByRole("button", { name: "End now" }).click();
  await gone(desk.getByText("You have emergency access."));
  await visible(desk.getByText("You may not see or do this"));
  await page.getByLabel("Justified", { exact: true }).check();
  await page.getByLabel("Note").fill("Called 911 together");
  await page.getByRole("button", { name: "Save the review" }).click();
  await visible(page.getByText("Reviewed by"));
  await desk.context().close();
});

await check("the log is filtered by person, act, outcome and time, and an entry proves itself", async () => {
  await page.goto(`${peer.url}/audit`);
  await page.getByRole("combobox", { name: "Outcome" }).selectOption("refused");
  await page.waitForFunction(() => [...document.querySelectorAll(".grid-row")].length > 0 && [...document.querySelectorAll(".grid-row")].every((row) => row.textContent.includes("Refused")));
  await page.getByRole("combobox", { name: "Who" }).selectOption({ label: "Dana Reyes" });
  await page.waitForFunction(() => [...document.querySelectorAll(".grid-row")].every((row) => row.textContent.includes("Dana Reyes")));
  must(page.url().includes("outcome=refused") && page.url().includes("actor=dana-reyes"), page.url());
  await page.getByRole("combobox", { name: "Time" }).selectOption("day");
  await page.locator(".grid-row").first().click();
  await visible(page.getByText(/This browser has checked it/));
  await picture(page, "audit-entry");
  await accessible(page, "audit entry");
  await page.getByRole("button", { name: "More" }).click();
  await accessible(page, "audit filters");
  await picture(page, "audit-filters");
  await page.getByRole("button", { name: "Show all entries" }).click();
  await page.waitForFunction(() => !location.search.includes("outcome"));
});

await check("exports come as files", async () => {
  await page.getByRole("button", { name: "Export…" }).click();
  await accessible(page, "export");
  await picture(page, "export");
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download: Table (CSV)" }).click();
  must((await proveIfAsked(page, file)).suggestedFilename() === "audit.csv", "the file has another name");
});

await check("who looked at a record: a report to print and to save", async () => {
  await page.goto(`${peer.url}/audit/patient`);
  await page.getByRole("textbox", { name: "Patient’s phone number" }).fill("(202) 555-0142");
  await page.getByRole("button", { name: "Find" }).click();
  await visible(page.getByText("3 looks"));
  await picture(page, "patient-report");
  await accessible(page, "patient report");
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  must((await file).suggestedFilename() === "who-looked.csv", "the file has another name");
});

await check("an alert comes by itself with a count, and is acknowledged with a note", async () => {
  await page.goto(`${peer.url}/audit/alerts`);
  await visible(page.locator(".grid-row").first());
  const badge = () => page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: /^Audit/ }).textContent();
  const before = await badge();
  await peer.say("alert");
  await visible(page.getByText("Many refusals").first());
  must((await badge()) !== before, `the count is still ${before}`);
  await page.locator(".grid-row").first().click();
  await picture(page, "alerts");
  await accessible(page, "alerts");
  await page.getByLabel("What you found out").fill("Wrong extension saved in a phone");
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await visible(page.getByText("Wrong extension saved in a phone"));
  await page.getByRole("button", { name: "Rules" }).click();
  await accessible(page, "alert rules");
  await page.keyboard.press("Escape");
});

await check("an agreement is noted, and what waited for it goes on", async () => {
  await page.goto(`${peer.url}/compliance`);
  await visible(page.getByText("Phone trunk: carrier"));
  await picture(page, "agreements");
  await accessible(page, "agreements");
  await page.getByRole("button", { name: "Note the agreement: Phone trunk: carrier" }).click();
  const box = dialog(page, "Phone trunk: carrier");
  await box.getByLabel("Where the paper is").fill("Binder 3");
  await box.getByLabel("Signed on").fill("2026-01-15");
  await accessible(page, "agreement form");
  await box.getByRole("button", { name: "Save" }).click();
  await proveIfAsked(page, visible(page.getByText(/Binder 3/)));
});

await check("a schedule is shown before it is saved", async () => {
  await page.goto(`${peer.url}/compliance/retention`);
  const days = page.getByRole("textbox", { name: "Voicemail: Kept for (days)" });
  await days.fill("365");
  await page.getByRole("button", { name: "Preview" }).click();
  await visible(page.getByText(/Saving this destroys \d+ records/));
  await picture(page, "retention");
  await accessible(page, "retention");
  await page.getByRole("button", { name: "Save the schedule" }).click();
  await proveIfAsked(page, visible(page.getByText("Change a number, then look at what it would do.")));
  must((await days.inputValue()) === "365", "it was not saved");
});

await check("a hold is placed and released", async () => {
  await page.getByRole("link", { name: "Legal holds" }).click();
  await page.getByRole("button", { name: "Place a hold" }).click();
  const box = dialog(page, "Place a hold");
  await box.getByLabel("Name of the matter").fill("Inquiry of the board");
  await box.getByLabel("Reason").fill("Letter of the board");
  await box.getByLabel("Only of this phone number").fill("+12025550143");
  await accessible(page, "hold form");
  await box.getByRole("button", { name: "Place a hold" }).click();
  await visible(page.getByText("Inquiry of the board"));
  await picture(page, "holds");
  await page.getByRole("button", { name: "Release: Inquiry of the board" }).click();
  await dialog(page, "Release").getByRole("button", { name: "Release", exact: true }).click();
  await visible(page.getByText(/Released by Iris Moreno/));
});

await check("keys are rotated, and the re-encryption is seen as it goes", async () => {
  await page.goto(`${peer.url}/keys`);
  await page.getByRole("button", { name: "Rotate all keys" }).click();
  await dialog(page, "Rotate all keys").getByRole("button", { name: "Rotate", exact: true }).click();
  await proveIfAsked(page, visible(page.getByRole("progressbar")));
  await peer.say("rekeyed 7 12");
  await visible(page.getByText("7 of 12"));
  await picture(page, "keys-rotating");
  await accessible(page, "keys rotating");
});

await check("what one may changes at once when it is changed", async () => {
  const sam = await open();
  await signIn(sam, "sam.okafor");
  await sam.goto(`${peer.url}/calls`);
  await visible(sam.getByText("555-01").first());
  await peer.say("mask sam-okafor");
  await visible(sam.getByText("Hidden for your role").first());
  must(!(await sam.content()).includes("555-01"), "numbers are still in the document");
  await sam.locator(".grid-row").first().click();
  await picture(sam, "masked");
  await accessible(sam, "masked");
  await sam.context().close();
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

for (const [name, options] of [["dark", { colorScheme: "dark" }], ["light", {}], ["phone-light", { viewport: PHONE }], ["phone-dark", { viewport: PHONE, colorScheme: "dark" }]]) {
  await check(`every page passes axe: ${name}`, async () => {
    const other = await open(options);
    await signIn(other);
    await other.getByLabel("Code from your authenticator app").fill(CODE);
    await visible(other.locator("h1").first());
    for (const [path, title] of PAGES) {
      await other.goto(`${peer.url}/${path}`);
      await visible(heading(other, title));
      await other.waitForFunction(() => document.querySelector(".mantine-Loader-root") === null);
      await picture(other, `${name}-${path.replaceAll("/", "-")}`);
      await accessible(other, `${path} ${name}`);
      const wide = await other.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      must(wide <= 0, `${path} is ${wide} px too wide`);
    }
    await other.context().close();
  });
}

await check("Spanish has words for every page", async () => {
  const spanish = await open({ locale: "es-US" });
  await signIn(spanish);
  await spanish.getByLabel("Código de su aplicación de autenticación").fill(CODE);
  await visible(spanish.getByRole("main"));
  for (const [path] of PAGES) {
    await spanish.goto(`${peer.url}/${path}`);
    await visible(spanish.getByRole("heading", { level: 1 }).first());
    const raw = await spanish.evaluate(() => [...document.body.innerText.matchAll(/(?<!\()\b(page|audit|people|crypto|grant|mark|hold|retention|agreement|review)\.[a-z_.]+/g)].map(([found]) => found).filter((found) => !/\.(read|use|grant|change|review|list|terminate)$/.test(found)));
    must(raw.length === 0, `${path}: ${raw.slice(0, 3)}`);
  }
  await picture(spanish, "spanish-security");
  await spanish.goto(`${peer.url}/compliance/retention`);
  await visible(spanish.getByRole("heading", { level: 1 }));
  await picture(spanish, "spanish-retention");
  await spanish.context().close();
});

await finish();
