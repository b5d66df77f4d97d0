// What a browser loads before the sign-in page works, compressed; fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250 * 1024;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const files = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) visit(next);
};
visit("index.html");
const size = (name) => gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length;
const js = [...files].filter((name) => name.endsWith(".js")).reduce((sum, name) => sum + size(name), 0);
const css = [...files].filter((name) => name.endsWith(".css")).reduce((sum, name) => sum + size(name), 0);
console.log(`console: first load ${(js / 1024).toFixed(0)} kB JavaScript, ${(css / 1024).toFixed(0)} kB styles (gzip; budget ${BUDGET / 1024} kB JavaScript)`);
if (js > BUDGET) process.exit(1);
