"""Entries as FHIR R4 AuditEvent resources (NDJSON); the mapping stands in docs/specs/audit-log.md. No patient is named: records are ids."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import json

from auricle.audit.entry import Entry

DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
RESTFUL = "http://hl7.org/fhir/restful-interaction"
SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
ACTION = "urn:auricle:action"
AUTHENTICATION, EXPORT, AUDIT_LOG, SECURITY = "110114", "110106", "110101", "110113"
_DICOM = {
    AUTHENTICATION: "User Authentication",
    EXPORT: "Export",
    AUDIT_LOG: "Audit Log Used",
    SECURITY: "Security Alert",
    "110122": "Login",
    "110123": "Logout",
    "110127": "Emergency Override Started",
    "110137": "User Security Attributes Changed",
    "110136": "Security Roles Changed",
}
_TYPES = (
    ("session.", AUTHENTICATION), ("phone.", AUTHENTICATION), ("audit.export", EXPORT), ("audit.", AUDIT_LOG),
    ("break-glass.", SECURITY), ("alert", SECURITY), ("integrity.", SECURITY), ("clock.", SECURITY), ("keys.", SECURITY),
    ("access.", SECURITY), ("people.", SECURITY), ("api-keys.", SECURITY), ("me.", SECURITY),
)  # fmt: skip
"""The first prefix of an action that fits gives the DICOM type; everything else is a RESTful operation on a record."""
_SUBTYPES = {
    "session.start": "110122", "session.end": "110123", "break-glass.use": "110127", "access.grant": "110136",
    "people.terminate": "110137",
}  # fmt: skip
_VERBS = {"list": "R", "read": "R", "play": "R", "live": "R", "export": "R", "record": "C", "begin": "C", "start": "E", "discard": "D"}
_INTERACTIONS = {"R": "read", "C": "create", "U": "update", "D": "delete", "E": "operation"}
_OUTCOMES = {"allowed": "0", "done": "0", "refused": "4", "failed": "8"}
_AGENTS = {"person": "humanuser", "device": "110150", "api-client": "110150", "service": "110150", "anonymous": "110152"}


def fhir_lines(entries: Iterable[tuple[int, Entry]], site: str) -> Iterator[bytes]:
    """One resource a line; `site` names the log (`harborstreet.example/audit`)."""
    return (json.encode(resource(number, entry, site)) + b"\n" for number, entry in entries)


def resource(number: int, entry: Entry, site: str) -> dict[str, Any]:
    """The AuditEvent of an entry."""
    verb = _VERBS.get(entry.action.rpartition(".")[2], "U" if entry.outcome == "done" else "E")
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"entry-{number}",
        "type": _type(entry.action),
        "subtype": [*_subtype(entry.action, verb), {"system": ACTION, "code": _text(entry.action)}],
        "action": verb,
        "recorded": entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": _OUTCOMES.get(entry.outcome, "8"),
        "outcomeDesc": entry.outcome,
        "agent": [_agent(entry)],
        "source": {
            "site": site,
            "observer": {"display": "Auricle"},
            "type": [{"system": SOURCE, "code": "4", "display": "Application Server"}],
        },
        "entity": _entities(number, entry, site),
    }
    if entry.purpose.strip():
        event["purposeOfEvent"] = [{"text": _text(entry.purpose)}]
    return event


def _type(action: str) -> dict[str, str]:
    code = next((code for prefix, code in _TYPES if action.startswith(prefix)), None)
    if code is None:
        return {"system": EVENT, "code": "rest", "display": "RESTful Operation"}
    return {"system": DCM, "code": code, "display": _DICOM[code]}


def _subtype(action: str, verb: str) -> list[dict[str, str]]:
    code = _SUBTYPES.get(action)
    if code is not None:
        return [{"system": DCM, "code": code, "display": _DICOM[code]}]
    return [{"system": RESTFUL, "code": _INTERACTIONS[verb]}]


def _agent(entry: Entry) -> dict[str, Any]:
    code = _AGENTS.get(entry.actor_kind, "110150")
    system = "http://terminology.hl7.org/CodeSystem/extra-security-role-type" if code == "humanuser" else DCM
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": system, "code": code}], "text": entry.actor_kind},
        "who": {"identifier": {"system": "urn:auricle:actor", "value": _text(entry.actor)}},
        "altId": _text(entry.session),
        "requestor": entry.actor_kind != "service",
    }
    if entry.address.strip():
        agent["network"] = {"address": _text(entry.address), "type": "2"}
    return agent


def _entities(number: int, entry: Entry, site: str) -> list[dict[str, Any]]:
    """The thing itself, the records handed out, and the entry in the log, by which its proof is found."""
    detail = [{"type": _text(key), "valueString": _text(value)} for key, value in (entry.detail or {}).items()]
    if entry.sealed:
        detail.append({"type": "sealed", "valueBase64Binary": b64encode(entry.sealed).decode()})
    main: dict[str, Any] = _entity(f"{entry.kind}:{entry.ref}")
    if detail:
        main["detail"] = detail
    log = _entity(f"{site}#{number}")
    log["role"] = {"system": ROLE, "code": "13", "display": "Security Resource"}
    return [main, *(_entity(record) for record in entry.touched), log]


def _entity(name: str) -> dict[str, Any]:
    return {
        "what": {"identifier": {"system": "urn:auricle:record", "value": _text(name)}},
        "type": {"system": ENTITY, "code": "2", "display": "System Object"},
    }


def _text(text: str) -> str:
    """A FHIR string: no control characters, no lone surrogates, no blanks beside each other or at its ends; `-` for nothing."""
    clean = text.encode(errors="replace").decode()
    return " ".join("".join(character if character.isprintable() or character.isspace() else "?" for character in clean).split()) or "-"
