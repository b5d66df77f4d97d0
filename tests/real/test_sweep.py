"""The canary sweep as an operator runs it: the planted leaks are found, and nothing else is."""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

TIMEOUT_S = 400


def test_a_day_leaves_nothing_readable() -> None:
    command = [sys.executable, "-m", "auricle", "sweep", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["planted"] >= 17
    assert found["planted_missed"] == []
    assert found["hits"] == []
    assert found["audio_files"] == []
    assert found["core_dumps"] == 0
    assert found["needles"] > 1500
    assert found["files"] >= 10
    assert found["processes"] >= 4, "the practice, kamailio and rtpengine"
    assert found["packets_looked_at"] == (os.geteuid() == 0 and shutil.which("tshark") is not None)
    assert found["clean"] is True
    assert done.returncode == 0
