// What the walks share: a browser on the peer, checks that go on after a failure, pictures, and axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { startPeer } from "./peer.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
const pictures = process.argv[2];

export const peer = await startPeer();
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
export const complaints = [];

export async function check(name, act) {
  try {
    await act();
    console.log(JSON.stringify({ check: name, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ check: name, ok: false, error: String(error.message).split("\n").slice(0, 6).join(" | ") }));
  }
}

export function must(condition, text) {
  if (!condition) throw new Error(text);
}

export async function open(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: false, locale: "en-US", viewport: DESKTOP, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (401|403|429)/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`uncaught ${error.message}`));
  await page.goto(peer.url);
  return page;
}

export async function signIn(page, username = peer.username, password = peer.password) {
  await page.getByRole("textbox", { name: /^(User name|Usuario)$/ }).fill(username);
  await page.getByLabel(/^(Password|Contraseña)$/).fill(password);
  await page.keyboard.press("Enter");
}

export async function picture(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

// axe comes in by the debugger: the page's own policy would refuse it, and a policy that let it in would be wrong
export async function accessible(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const said = found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 2).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`);
  must(said.length === 0, `${where}: ${said.join(" || ")}`);
}

export const visible = (locator) => locator.waitFor({ state: "visible" });
export const heading = (page, name) => page.getByRole("heading", { level: 1, name });

export const dialog = (page, name) => page.getByRole("dialog", name === undefined ? {} : { name });
export const gone = (locator) => locator.waitFor({ state: "detached" });

export async function prove(page, code) {
  const box = dialog(page, "Is it you?");
  await visible(box);
  await box.getByLabel("Password", { exact: true }).fill(peer.password);
  if (code !== undefined) await box.getByLabel("Code from your authenticator app").fill(code);
  await box.getByRole("button", { name: "Go on" }).click();
}

// proves it where it is asked for; `until` is what shows that the act was done
export async function proveIfAsked(page, until, code) {
  const asked = visible(dialog(page, "Is it you?")).then(() => true, () => false);
  if (await Promise.race([asked, until.then(() => false)])) await prove(page, code);
  return until;
}

export async function finish() {
  await check("the browser complains of nothing, neither script errors nor refused content", async () => {
    must(complaints.length === 0, [...new Set(complaints)].slice(0, 4).join(" || "));
  });
  await browser.close();
  await peer.stop();
}
