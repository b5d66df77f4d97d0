"""The settings file: the example can be used, and what is wrong is refused with the key and what to write."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from auricle.app.cli import app
from auricle.app.demo.practice import FLOW
from auricle.app.settings import SettingsWrong, load_flows, load_settings, practice_of
from auricle.kernel.e164 import E164
from auricle.practice.model import MediaRule

EXAMPLE = Path(__file__).parents[3] / "etc" / "auricle.example.toml"


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = EXAMPLE.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_the_example_describes_a_practice() -> None:
    practice = practice_of(load_settings(EXAMPLE))
    assert practice.person_at("101") is not None
    assert practice.numbers[E164("+12025550100")] == "main"
    assert all(device.media is MediaRule.SRTP_REQUIRED for device in practice.devices.values())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('zone = "America/New_York"', 'zone = "Mars/Olympus"', "time zone"),
        ('extension = "101"', 'extension = "911"', "emergency"),
        ('addresses = ["198.51.100.0/24"]', 'addresses = ["somewhere"]', "198.51.100.0/24"),
        ('person = "dana-reyes"', 'person = "nobody"', "there is no person 'nobody'"),
        ('"+12025550100" = "main"', '"555-0100" = "main"', "+12025550100"),
        ("tls_port = 5061", "tls_port = 70000", "tls_port"),
        ("tls_port = 5061", "tls_prot = 5061", "tls_prot"),
        ("sip:sip.carrier.example:5061;transport=tls", "sip:sip.carrier.example:5060;transport=udp", "SRTP keys need TLS"),
        ('roles = ["front-desk"]', "roles = []", "roles"),
        ('roles = ["front-desk"]', 'roles = ["admin"]', "there is no role 'admin'; the roles are"),
        ('roles = ["front-desk"]', 'roles = ["transcriber"]', "there is no role 'transcriber'"),
        ('roles = ["front-desk"]', 'roles = ["api-client"]', "there is no role 'api-client'"),
        ('team = "front-office"', 'team = "back-office"', "nobody is in team 'back-office'"),
        ('role = "front-desk"\n', 'role = "reception"\n', "[[access.allow]]: there is no role 'reception'"),
        ('"voicemail.play", "voicemail.read"', '"keys.rotate", "voicemail.read"', "'keys.rotate' cannot be given here"),
        ('"voicemail.play", "voicemail.read"', '"calls.list", "voicemail.read"', "for voicemail actions alone"),
        ("[practice]", "[practice", "settings.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(SettingsWrong, match=None) as refusal:
        practice_of(load_settings(written(tmp_path, (old, new))))
    assert says in str(refusal.value)


def test_flows_must_fit_the_practice(tmp_path: Path) -> None:
    path = written(tmp_path)
    settings = load_settings(path)
    (tmp_path / "main.yaml").write_text(FLOW)
    with pytest.raises(SettingsWrong, match="nobody has extension 102"):
        load_flows(settings, tmp_path, practice_of(settings))


def test_the_command_line_says_it_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path / "none.toml")])
    assert result.exit_code == 1
    assert "there is no settings file" in result.output
    assert "Traceback" not in result.output


def test_a_phone_secret_comes_with_its_digests() -> None:
    result = CliRunner().invoke(app, ["phone-secret", "desk-101", "harborstreet.example"])
    assert result.exit_code == 0
    assert "ha1_md5" in result.output
    assert "ha1_sha256" in result.output


def test_verifying_something_that_is_no_export_says_so(tmp_path: Path) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(b"\xff\xfe nonsense")
    result = CliRunner().invoke(app, ["audit", "verify", str(file)])
    assert result.exit_code == 1
    assert "NOT VERIFIED" in result.output
