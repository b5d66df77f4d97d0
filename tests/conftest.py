"""Makes `fakes` importable from every test: modules are imported by `importlib`, which adds no directory to the path."""

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)
