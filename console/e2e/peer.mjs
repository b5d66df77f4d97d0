// The real web app over fakes, as a child of the test: tests/real/console_peer.py.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export async function startPeer() {
  const child = spawn(join(ROOT, ".venv", "bin", "python"), ["-m", "tests.real.console_peer", "--host", "localhost"], { cwd: ROOT, stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, "exit");
  const next = () => Promise.race([once(lines, "line").then(([line]) => line), gone.then(() => Promise.reject(new Error("the peer ended")))]);
  const told = JSON.parse(await next());
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
