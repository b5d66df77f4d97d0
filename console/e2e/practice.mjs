// Walks the console of a whole practice that runs for real: no fakes behind it. Prints one JSON line a check.
import { createHmac } from "node:crypto";

import { check, finish, heading, must, open, peer, picture, signIn, visible } from "./kit.mjs";

const PAGES = [
  ["live", "Live"], ["calls", "Calls"], ["voicemail", null], ["audit", "Audit log"], ["audit/alerts", "Alerts"], ["audit/patient", "Who looked at a record"],
  ["audit/checkpoints", "Checkpoints"], ["people", "People"], ["access", "Roles and actions"], ["access/what-if", "What if"], ["access/grants", "Grants"],
  ["access/patients", "Patients’ marks"], ["access/break-glass", "Break-glass review"], ["compliance", "Agreements"], ["compliance/retention", "Retention"],
  ["compliance/holds", "Legal holds"], ["keys", "Keys"], ["system", "System"], ["security", "My security"],
];
const dialog = (page, name) => page.getByRole("dialog", { name });

// RFC 6238 with SHA-1, 30 s and six digits, from the secret the page shows
function totp(secret, at = Date.now()) {
  const bits = [...secret].map((char) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const offset = digest[19] & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const page = await open();
let secret = "";
let last = "";

// each code is good once: wait for the next one
async function freshCode() {
  let code = totp(secret);
  while (code === last) {
    await new Promise((done) => setTimeout(done, 500));
    code = totp(secret);
  }
  last = code;
  return code;
}

await check("an authenticator is set up and asked for", async () => {
  await signIn(page);
  await visible(heading(page, "Live"));
  await page.goto(`${peer.url}/security`);
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  secret = (await page.locator(".totp .secret").textContent()).replace(/\s/g, "");
  last = totp(secret);
  await page.getByLabel("The code the app shows now").fill(last);
  await page.getByRole("button", { name: "Confirm" }).click();
  await visible(page.getByText("These codes are shown this once."));
  const codes = await page.locator(".recovery-codes code").allTextContents();
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page);
  await page.getByRole("button", { name: "Use a recovery code instead" }).click();
  await page.getByLabel("Recovery code").fill(codes[0]);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await visible(heading(page, "My security"));
  await visible(page.getByText(`${codes.length - 1} codes are left.`));
});

await check("every page of the practice loads", async () => {
  for (const [path, title] of PAGES) {
    await page.goto(`${peer.url}/${path}`);
    if (title !== null) await visible(heading(page, title));
    await page.waitForFunction(() => document.querySelector(".mantine-Loader-root") === null);
    const failed = await page.locator(".state[role=alert]").allTextContents();
    must(failed.length === 0, `${path}: ${failed[0]}`);
    await picture(page, `practice-${path.replaceAll("/", "-")}`);
  }
});

await check("an entry of the real log proves itself in the browser", async () => {
  await page.goto(`${peer.url}/audit`);
  await page.locator(".grid-row").last().click();
  await visible(page.getByText(/This browser has checked it/));
});

await check("keys are rotated after a step-up, with the form kept while one signs in again", async () => {
  await page.goto(`${peer.url}/access/patients`);
  await page.getByRole("button", { name: "Mark a patient" }).click();
  const form = dialog(page, "Mark a patient");
  await form.getByLabel("Patient’s phone number").fill("+12025550188");
  await page.evaluate(async () => fetch("/api/v1/session", { method: "DELETE" }));
  await visible(heading(page, "Locked"));
  must(!(await page.content()).includes("0188"), "the number is still in the document");
  await page.getByLabel("Password", { exact: true }).fill(peer.password);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code from your authenticator app").fill(await freshCode());
  await visible(form);
  must((await form.getByLabel("Patient’s phone number").inputValue()) === "+12025550188", "the number is gone");
  await form.getByRole("button", { name: "Save" }).click();
  await visible(page.getByText("(202) 555-0188"));
  await page.goto(`${peer.url}/keys`);
  await page.getByRole("button", { name: "Rotate all keys" }).click();
  await dialog(page, "Rotate all keys").getByRole("button", { name: "Rotate", exact: true }).click();
  const proof = dialog(page, "Is it you?");
  await visible(proof);
  await proof.getByLabel("Password", { exact: true }).fill(peer.password);
  await proof.getByLabel("Code from your authenticator app").fill(await freshCode());
  await proof.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll("td[data-label='Epoch']")].every((cell) => cell.textContent.startsWith("2")), undefined, { timeout: 15_000 });
});

await check("ending a person's access ends their session in the other window at once", async () => {
  const dana = await open();
  await signIn(dana, "dana.reyes");
  await visible(heading(dana, "Live"));
  await page.goto(`${peer.url}/people`);
  await page.locator(".grid-row").filter({ hasText: "Dana Reyes" }).click();
  await page.getByRole("button", { name: "End access" }).click();
  const box = dialog(page, "End all access of Dana Reyes");
  await box.getByLabel(/Reason/).fill("Left the practice");
  const began = Date.now();
  await box.getByRole("button", { name: "End access" }).click();
  await visible(heading(dana, "Locked"));
  const took = Date.now() - began;
  must(took < 3000, `it took ${took} ms`);
  await dana.context().close();
});

await finish();
