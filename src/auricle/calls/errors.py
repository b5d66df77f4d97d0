"""What can go wrong in a call.

CallError
├── LegEnded       the party hung up while a verb was running: the verb is over, the call goes to its end
├── FlowFault      a flow document asks for something that is not there
└── NotReachable   nobody could be rung
"""

from typing import ClassVar

from auricle.kernel.errors import PeerError


class CallError(PeerError):
    """Base of the errors of this package."""

    code: ClassVar[str] = "calls.error"


class LegEnded(CallError):
    """The party hung up; raised out of whatever was running on its leg."""

    code: ClassVar[str] = "calls.leg_ended"


class FlowFault(CallError):
    """A flow document is wrong; the text names the step and what to mend."""

    code: ClassVar[str] = "calls.flow_fault"
