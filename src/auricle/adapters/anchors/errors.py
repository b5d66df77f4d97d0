"""How keeping a checkpoint elsewhere fails.

OurError
└── AnchorFailed        not kept; it is tried again
    └── AnchorConflict  something else is kept there already: two histories of one log
"""

from typing import ClassVar

from auricle.kernel.errors import OurError


class AnchorFailed(OurError):
    """The place did not take the checkpoint. `reason` is one word for states and logs."""

    code: ClassVar[str] = "anchor.failed"
    retryable: ClassVar[bool] = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnchorConflict(AnchorFailed):
    """The place has another checkpoint of this size, or refuses the proof that ours continues the one it has."""

    code: ClassVar[str] = "anchor.conflict"
    retryable: ClassVar[bool] = False
