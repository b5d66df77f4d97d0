"""Identifiers. They are random, carry no meaning, and are the only names of things that may stand in a log."""

from typing import NewType

CallId = NewType("CallId", str)
"""One call of ours, from first leg to last."""
LegId = NewType("LegId", str)
"""One leg of a call; also its call-id toward rtpengine, so only [A-Za-z0-9-]."""
PersonId = NewType("PersonId", str)
"""A member of staff (or a service account)."""
MailboxId = NewType("MailboxId", str)
"""A voicemail box, personal or shared."""
VoicemailId = NewType("VoicemailId", str)
"""One voicemail message; also the name of its sealed blob."""
TrunkName = NewType("TrunkName", str)
"""A carrier trunk, as the settings name it."""
FlowId = NewType("FlowId", str)
"""A flow document."""
