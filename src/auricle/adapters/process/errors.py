"""Why a child does not run.

OurError
├── MissingProgram   it is not installed; the text names the package
└── StartFailed      it ended or did not get ready; the text has what it said last
"""

from typing import ClassVar

from auricle.kernel.errors import OurError


class MissingProgram(OurError):
    """A program is not installed; the text is the one line that says which package has it."""

    code: ClassVar[str] = "process.missing"


class StartFailed(OurError):
    """A child ended or did not get ready; the text has its last complaint."""

    code: ClassVar[str] = "process.start_failed"
    retryable: ClassVar[bool] = True
