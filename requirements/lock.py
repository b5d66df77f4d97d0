"""Write requirements/run.txt and requirements/dev.txt from pyproject.toml, every file pinned by hash (`make lock`)."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def compile_lock(requirements: list[str], constraint: Path | None, out: Path) -> None:
    """Resolve and pin; the pins of `constraint` are kept."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "wanted.in"
        lines = list(requirements)
        if constraint is not None:
            lines.append(f"-c {constraint}")
        wanted.write_text("\n".join(lines) + "\n")
        command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe", "--strip-extras"]
        command += ["--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options"]
        command += ["--no-annotate", "--output-file", str(out), str(wanted)]
        subprocess.run(command, check=True)  # noqa: S603 - our own arguments


def main() -> None:
    """Lock both sets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = project["project"]["dependencies"] + project["build-system"]["requires"]
    compile_lock(run, None, ROOT / "requirements" / "run.txt")
    compile_lock(project["dependency-groups"]["dev"], ROOT / "requirements" / "run.txt", ROOT / "requirements" / "dev.txt")


if __name__ == "__main__":
    main()
