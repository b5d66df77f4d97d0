// What the console runs on, as a child of the walk: the real web app over fakes (tests/real/console_peer.py), or a whole practice.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const PEER = process.env.AURICLE_PEER === "practice" ? ["-m", "tests.real.console_practice"] : ["-m", "tests.real.console_peer", "--host", "localhost"];

export async function startPeer() {
  const child = spawn(join(ROOT, ".venv", "bin", "python"), PEER, { cwd: ROOT, stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, "exit");
  const next = () => Promise.race([once(lines, "line").then(([line]) => line), gone.then(() => Promise.reject(new Error("the peer ended")))]);
  let line = await next();
  while (!line.startsWith("{")) line = await next(); // a practice logs what it starts
  const told = JSON.parse(line);
  return {
    ...told,
    async say(command) {
      const answer = next();
      child.stdin.write(`${command}\n`);
      await answer;
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}
