"""SpeechFailed (try again later) and WrongModel (a vetted file is not what it was)."""

from typing import ClassVar

from auricle.kernel.errors import OurError


class SpeechFailed(OurError):
    """The voice or the recogniser did not do its work."""

    code: ClassVar[str] = "speech.failed"
    retryable: ClassVar[bool] = True


class WrongModel(OurError):
    """A model file is not the one we vetted."""

    code: ClassVar[str] = "speech.wrong_model"
