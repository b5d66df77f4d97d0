"""Recovery codes: enough random bits for a plain hash, and forgiving to type."""

import secrets

from auricle.access.recovery import CODE_BYTES, code_hash, hashes, new_code


def test_a_code_has_120_bits_in_six_groups() -> None:
    code = new_code(secrets.token_bytes(CODE_BYTES))
    assert [len(group) for group in code.split("-")] == [4] * 6
    assert CODE_BYTES * 8 >= 112


def test_case_spaces_and_hyphens_do_not_matter() -> None:
    code = new_code(b"\x07" * CODE_BYTES)
    assert code_hash("dana", code) == code_hash("dana", code.upper().replace("-", " ")) == code_hash("dana", code.replace("-", ""))


def test_a_code_belongs_to_its_account() -> None:
    code = new_code(b"\x07" * CODE_BYTES)
    assert code_hash("dana", code) != code_hash("noor", code)
    assert len(set(hashes("dana", [new_code(secrets.token_bytes(CODE_BYTES)) for _ in range(10)]))) == 10
