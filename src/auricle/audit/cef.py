"""Entries in ArcSight's Common Event Format (CEF:0), one a line, for a SIEM.

Escaped by its rules: backslash and bar in the header; backslash, equals sign and line ends in the extension.
"""

from collections.abc import Iterable, Iterator, Mapping

from auricle.audit.entry import Entry

VENDOR, PRODUCT, VERSION = "Auricle", "Auricle", "1"
_SEVERITIES = {"refused": 5, "failed": 6}
_GRAVE = {"integrity.damaged": 9, "clock.set-back": 8, "break-glass.use": 7, "alert.raise": 7, "audit.export": 5}
_OUTCOMES = {"allowed": "success", "done": "success", "refused": "failure", "failed": "failure"}


def cef_lines(entries: Iterable[tuple[int, Entry]], site: str) -> Iterator[bytes]:
    """One event a line, UTF-8."""
    return (f"{cef_line(number, entry, site)}\n".encode() for number, entry in entries)


def cef_line(number: int, entry: Entry, site: str) -> str:
    """The event of an entry."""
    severity = _GRAVE.get(entry.action, _SEVERITIES.get(entry.outcome, 2))
    head = (VENDOR, PRODUCT, VERSION, entry.action, f"{entry.action} {entry.outcome}")
    parts = [f"CEF:0|{'|'.join(_header(part) for part in head)}|{severity}"]
    extension = {name: value for name, value in _extension(number, entry, site).items() if value}
    return f"{parts[0]}|{' '.join(f'{name}={_value(value)}' for name, value in extension.items())}"


def _extension(number: int, entry: Entry, site: str) -> Mapping[str, str]:
    detail = entry.detail or {}
    return {
        "rt": str(int(entry.at.timestamp() * 1000)),
        "externalId": str(number),
        "dvchost": site.partition("/")[0],
        "suid": entry.actor,
        "src": entry.address if "." in entry.address and ":" not in entry.address else "",
        "c6a2": entry.address if ":" in entry.address else "",
        "c6a2Label": "Source IPv6 Address" if ":" in entry.address else "",
        "act": entry.action,
        "outcome": _OUTCOMES.get(entry.outcome, "failure"),
        "reason": detail.get("why", ""),
        "cs1Label": "record",
        "cs1": f"{entry.kind}:{entry.ref}",
        "cs2Label": "actorKind",
        "cs2": entry.actor_kind,
        "cs3Label": "session" if entry.session else "",
        "cs3": entry.session,
        "cs4Label": "purpose" if entry.purpose else "",
        "cs4": entry.purpose,
        "cs5Label": "touched" if entry.touched else "",
        "cs5": " ".join(entry.touched),
        "cs6Label": "detail" if len(detail) > ("why" in detail) else "",
        "cs6": "; ".join(f"{key}: {value}" for key, value in detail.items() if key != "why"),
        "cn1Label": "touchedCount" if entry.touched else "",
        "cn1": str(len(entry.touched)) if entry.touched else "",
    }


def _header(text: str) -> str:
    return _plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def _value(text: str) -> str:
    return _plain(text).replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n").replace("\r", "\\r")


def _plain(text: str) -> str:
    """No lone surrogates, and no line ends but CR and LF: readers that split at others would see two events."""
    clean = text.encode(errors="replace").decode()
    return "".join(character if character.isprintable() or character in "\n\r" else "?" for character in clean)
