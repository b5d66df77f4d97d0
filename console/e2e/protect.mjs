// Walks access, emergency access, audit, compliance and keys in Chromium. Prints one JSON line a check; pictures go to the folder given.
import { PHONE, accessible, check, dialog, finish, gone, heading, must, open, peer, picture, proveIfAsked, signIn, visible } from "./kit.mjs";

const PAGES = [
  ["audit", "Audit log"], ["audit/alerts", "Alerts"], ["audit/patient", "Who looked at a record"], ["audit/checkpoints", "Checkpoints"],
  ["people", "People"], ["access", "Roles and actions"], ["access/what-if", "What if"], ["access/grants", "Grants"], ["access/patients", "Patients’ marks"],
  ["access/break-glass", "Break-glass review"], ["compliance", "Agreements"], ["compliance/retention", "Retention"], ["compliance/holds", "Legal holds"],
  ["keys", "Keys"], ["system", "System"], ["security", "My security"],
];

const page = await open();
await signIn(page);
await visible(heading(page, "Live"));

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
  await visible(heading(desk, "Live"));
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
  await visible(sam.getByRole("navigation", { name: "Places" }));
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

for (const [name, options] of [["dark", { colorScheme: "dark" }], ["light", {}], ["phone-light", { viewport: PHONE }], ["phone-dark", { viewport: PHONE, colorScheme: "dark" }]]) {
  await check(`every page passes axe: ${name}`, async () => {
    const other = await open(options);
    await signIn(other);
    await visible(heading(other, "Live"));
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
  await visible(heading(spanish, "En vivo"));
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
