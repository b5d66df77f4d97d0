"""The specifications say what the code does: labels, sizes and worked examples are compared with both code and vectors."""

import json
from pathlib import Path

import pytest

from auricle.adapters.keys import document, files, holders
from auricle.adapters.keys import records as record_files
from auricle.audit import export
from auricle.audit.verify import Fault
from auricle.vault import blind, fields, keyring, records, stream, vouch
from auricle.vault.gate import Outcome

ROOT = Path(__file__).parents[3]
SPECS = {path.stem: path.read_text() for path in (ROOT / "docs" / "specs").glob("*.md")}
VECTORS = ROOT / "tests" / "vectors"


def bytes_in(page: str) -> str:
    """The hex of a page's blocks run together, without what stands behind two blanks."""
    return "".join(line.split("  ")[0].replace(" ", "") for line in SPECS[page].splitlines())


@pytest.mark.parametrize(
    ("page", "label"),
    [
        ("sealed-fields", fields.LABEL),
        ("sealed-fields", blind.LABEL),
        ("sealed-audio", stream.LABEL),
        ("sealed-audio", stream.MAGIC),
        ("sealed-audio", record_files.LABEL),
        ("sealed-fields", records.LABEL),
        ("vouched-rows", vouch.ROW_LABEL),
        ("vouched-rows", vouch.SET_LABEL),
        ("keyring", keyring.LABEL),
        ("keyring", keyring.LABEL_1),
        ("keyring", holders.ROOT_LABEL),
        ("keyring", files.STATE_LABEL),
        ("keyring", files.SIGNING_LABEL),
        ("keyring", document.FORMAT.encode()),
        ("keyring", document.FORMAT_1.encode()),
        ("audit-log", export.FORMAT.encode()),
    ],
)
def test_every_label_is_specified(page: str, label: bytes) -> None:
    assert label.decode() in SPECS[page]


def test_every_purpose_outcome_and_fault_is_specified() -> None:
    assert all(f"`{purpose.value}`" in SPECS["keyring"] for purpose in keyring.Purpose)
    assert all(f"`{outcome.value}`" in SPECS["audit-log"] for outcome in Outcome)
    assert all(f"`{fault.value}`" in SPECS["audit-log"] for fault in Fault)


def test_the_examples_are_the_vectors() -> None:
    for page, vector, key in (
        ("sealed-fields", "field/ok", "sealed"),
        ("sealed-audio", "stream/ok", "sealed"),
        ("vouched-rows", "voucher/ok", "voucher"),
        ("keyring", "wrapping/ok", "wrapped"),
    ):
        wanted = json.loads((VECTORS / "vault" / f"{vector}.json").read_text())[key]
        assert wanted in bytes_in(page)


def test_the_keys_and_indexes_of_examples_are_the_vectors() -> None:
    field = json.loads((VECTORS / "vault/field/ok.json").read_text())
    index = json.loads((VECTORS / "vault/blind/a-number.json").read_text())
    audio = json.loads((VECTORS / "vault/stream/ok.json").read_text())
    assert field["key"] in SPECS["sealed-fields"]
    assert field["text"] in SPECS["sealed-fields"]
    assert index["index"] in SPECS["sealed-fields"]
    assert audio["key"] in SPECS["sealed-audio"]


def test_the_audit_example_is_the_vector() -> None:
    head, entry, checkpoint = [json.loads(line) for line in (VECTORS / "audit/ok-of-one.jsonl").read_text().splitlines()]
    page = SPECS["audit-log"]
    assert json.dumps(head, separators=(",", ":")) in page
    assert entry["leaf"] in page
    assert entry["hash"] in page
    assert checkpoint["checkpoint"].strip() in page


def test_the_costs_and_sizes_are_specified() -> None:
    assert all(str(number) in SPECS["keyring"] for number in (holders.MEMORY_KIB, document.MAX_MEMORY_KIB, holders.MIN_PASSPHRASE_CHARS))
    assert str(stream.SEGMENT_BYTES) in SPECS["sealed-audio"]
    assert f"{stream.HEADER_BYTES} bytes" in SPECS["sealed-audio"]
