"""Where checkpoints of the audit log are kept outside the database: files, S3-compatible storage, syslog, witnesses.

`objects.ObjectAnchor` is imported where it is used: boto3 comes with the extra `aws`.
"""

from auricle.adapters.anchors.errors import AnchorConflict, AnchorFailed
from auricle.adapters.anchors.files import FileAnchor
from auricle.adapters.anchors.port import Anchor, Receipt
from auricle.adapters.anchors.syslog import SyslogAnchor
from auricle.adapters.anchors.witness import WitnessAnchor

__all__ = ["Anchor", "AnchorConflict", "AnchorFailed", "FileAnchor", "Receipt", "SyslogAnchor", "WitnessAnchor"]
