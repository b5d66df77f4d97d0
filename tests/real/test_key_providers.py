"""Each provider against its peer: what it wraps opens, another context does not, and every way to say no has its own name.

The peers (tests/peers/kms_*.py) are programs of their own that speak the documented wire formats; SoftHSM2 is the real thing.
"""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auricle.adapters.certificates import ensure_demo_ca
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, KekProvider, ProviderMissing, ProviderRefused, ProviderUnreachable, WrongHolder, aws_kms
from auricle.adapters.keys.aws_kms import AwsKey, AwsKmsProvider
from auricle.adapters.keys.gcp_kms import GcpKey, GcpKmsProvider
from auricle.adapters.keys.pkcs11 import Pkcs11Provider, TokenKey
from auricle.adapters.keys.provider import context_of
from auricle.adapters.keys.vault_transit import TransitKey, VaultTransitProvider
from auricle.app.key_provider import KeySettings, KeySettingsWrong, provider_of
from auricle.vault.keyring import Purpose

pytestmark = pytest.mark.real

PEERS = Path(__file__).parents[1] / "peers"
ROOT = bytes(range(32))
CONTEXT = context_of("h1")
AWS_ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
GCP_KEY = "projects/harbor/locations/us/keyRings/phones/cryptoKeys/root"


@dataclass
class Peer:
    """A running peer and a provider that asks it."""

    provider: KekProvider
    port: int
    again: Callable[..., KekProvider]
    """The provider anew, with some of its facts changed."""

    def control(self, mode: str, count: int = 0) -> dict[str, Any]:
        data = json.dumps({"mode": mode, "count": count}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            state: dict[str, Any] = json.loads(answer.read())
            return state


@contextmanager
def running(program: str, *arguments: str) -> Iterator[int]:
    """The peer's port, while it runs."""
    process = subprocess.Popen([sys.executable, str(PEERS / program), *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def aws_peer() -> Iterator[Peer]:
    with running("kms_aws.py", "AKIDEXAMPLE", "wJalrXUtnFEMI") as port:

        def made(**changes: Any) -> KekProvider:
            where = {"key": AWS_ARN, "region": "us-east-1", "endpoint": f"http://127.0.0.1:{port}", "timeout_s": 1.0}
            return AwsKmsProvider(AwsKey(**(where | changes)))

        yield Peer(made(), port, made)


@pytest.fixture(scope="module")
def gcp_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    credentials = tmp_path_factory.mktemp("gcp") / "account.json"
    with running("kms_gcp.py", str(credentials)) as port:

        def made(**changes: Any) -> KekProvider:
            where = {"key": GCP_KEY, "credentials_file": str(credentials), "endpoint": f"http://127.0.0.1:{port}", "timeout_s": 1.0}
            return GcpKmsProvider(GcpKey(**(where | changes)))

        yield Peer(made(), port, made)


@pytest.fixture(scope="module")
def vault_peer() -> Iterator[Peer]:
    with running("kms_vault.py", "hvs.test") as port:

        def made(**changes: Any) -> KekProvider:
            where = {"address": f"http://127.0.0.1:{port}", "key": "auricle", "token": lambda: "hvs.test", "timeout_s": 1.0}
            return VaultTransitProvider(TransitKey(**(where | changes)))

        yield Peer(made(), port, made)


@pytest.fixture(autouse=True)
def aws_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials by the environment, as boto3 takes them; nothing of the machine's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


@pytest.fixture(params=["aws_peer", "gcp_peer", "vault_peer"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    found: Peer = request.getfixturevalue(request.param)
    found.control("ok")
    yield found
    found.control("ok")


def test_what_it_wraps_it_unwraps(peer: Peer) -> None:
    wrapped = peer.provider.wrap(ROOT, CONTEXT)
    assert ROOT not in wrapped
    assert peer.provider.unwrap(wrapped, CONTEXT) == ROOT
    assert peer.again().unwrap(wrapped, CONTEXT) == ROOT


def test_another_context_does_not_open(peer: Peer) -> None:
    wrapped = peer.provider.wrap(ROOT, CONTEXT)
    with pytest.raises(WrongHolder):
        peer.provider.unwrap(wrapped, context_of("h2"))


def test_changed_bytes_do_not_open(peer: Peer) -> None:
    wrapped = bytearray(peer.provider.wrap(ROOT, CONTEXT))
    wrapped[-20] = wrapped[-20] ^ 1 if peer.provider.kind != "vault" else ord("A") if wrapped[-20] != ord("A") else ord("B")
    with pytest.raises(WrongHolder):
        peer.provider.unwrap(bytes(wrapped), CONTEXT)


def test_throttling_is_waited_out(peer: Peer) -> None:
    peer.control("throttle", 2)
    wrapped = peer.provider.wrap(ROOT, CONTEXT)
    peer.control("throttle", 1)
    assert peer.provider.unwrap(wrapped, CONTEXT) == ROOT


def test_throttling_without_an_end_is_out_of_reach(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_kms, "TRIES", 2)  # its back-off is drawn by chance and may be seconds
    peer.control("throttle", 99)
    with pytest.raises(ProviderUnreachable):
        peer.again().wrap(ROOT, CONTEXT)


def test_a_refusal_is_no_silence(peer: Peer) -> None:
    wrapped = peer.provider.wrap(ROOT, CONTEXT)
    peer.control("denied")
    with pytest.raises(ProviderRefused):
        peer.provider.unwrap(wrapped, CONTEXT)
    peer.control("ok")
    assert peer.provider.unwrap(wrapped, CONTEXT) == ROOT


NOT_FOR_US = [*(("aws_peer", mode) for mode in ("disabled", "pending-deletion", "gone")), ("gcp_peer", "disabled"), ("gcp_peer", "gone")]


@pytest.mark.parametrize(("name", "mode"), NOT_FOR_US)
def test_a_key_that_is_not_there_for_us_is_a_refusal(name: str, mode: str, request: pytest.FixtureRequest) -> None:
    peer: Peer = request.getfixturevalue(name)
    peer.control(mode)
    try:
        with pytest.raises(ProviderRefused, match="check its state"):
            peer.provider.wrap(ROOT, CONTEXT)
    finally:
        peer.control("ok")


def test_a_sealed_vault_is_out_of_reach(vault_peer: Peer) -> None:
    vault_peer.control("sealed")
    try:
        with pytest.raises(ProviderUnreachable, match="sealed"):
            vault_peer.provider.wrap(ROOT, CONTEXT)
    finally:
        vault_peer.control("ok")


def test_another_key_is_named(peer: Peer) -> None:
    with pytest.raises(ProviderRefused):
        peer.again(key=AWS_ARN[:-1] + "c" if peer.provider.kind == "aws-kms" else "another").wrap(ROOT, CONTEXT)


def test_a_peer_that_hangs_is_given_up_in_time(aws_peer: Peer) -> None:
    aws_peer.control("hang")
    try:
        with pytest.raises(ProviderUnreachable):
            aws_peer.again(timeout_s=0.1).wrap(ROOT, CONTEXT)
    finally:
        aws_peer.control("ok")


def test_nobody_there_is_out_of_reach(peer: Peer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name = "address" if peer.provider.kind == "vault" else "endpoint"
        gone = peer.again(**{name: f"http://127.0.0.1:{free.getsockname()[1]}"})
        with pytest.raises(ProviderUnreachable):
            gone.wrap(ROOT, CONTEXT)


def test_wrong_credentials_are_a_refusal(
    aws_peer: Peer, gcp_peer: Peer, vault_peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ProviderRefused):
        vault_peer.again(token=lambda: "hvs.stale").wrap(ROOT, CONTEXT)
    gcp_peer.control("no-token")
    with pytest.raises(ProviderRefused, match="credentials"):
        gcp_peer.again().wrap(ROOT, CONTEXT)
    gcp_peer.control("ok")
    with pytest.raises(ProviderRefused, match="credentials"):
        gcp_peer.again(credentials_file=str(tmp_path / "none.json")).wrap(ROOT, CONTEXT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(ProviderRefused):
        aws_peer.again().wrap(ROOT, CONTEXT)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ProviderRefused, match="needs credentials"):
        aws_peer.again().wrap(ROOT, CONTEXT)


@pytest.mark.parametrize(
    ("modules", "extra", "make"),
    [
        (["boto3"], "aws", lambda: AwsKmsProvider(AwsKey("k", "us-east-1"))),
        (["google.auth"], "gcp", lambda: GcpKmsProvider(GcpKey("k"))),
        (["hvac"], "vault", lambda: VaultTransitProvider(TransitKey("http://127.0.0.1:1", "k", lambda: "t"))),
        (["pkcs11"], "pkcs11", lambda: Pkcs11Provider(TokenKey("m", "t", "l", lambda: "1"), SystemEntropy())),
    ],
)
def test_a_missing_library_names_its_extra(
    modules: list[str], extra: str, make: Callable[[], KekProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ProviderMissing, match=rf"auricle\[{extra}\]"):
        make().wrap(ROOT, CONTEXT)


def test_a_vault_is_trusted_by_the_authority_that_is_named(tmp_path: Path) -> None:
    made = ensure_demo_ca(tmp_path, ["127.0.0.1"], datetime.now(UTC))
    with running("kms_vault.py", "hvs.test", str(made.certificate), str(made.private_key)) as port:

        def vault(ca_file: str) -> KekProvider:
            return VaultTransitProvider(
                TransitKey(f"https://127.0.0.1:{port}", "auricle", lambda: "hvs.test", ca_file=ca_file, timeout_s=2)
            )

        assert vault(str(made.ca)).unwrap(vault(str(made.ca)).wrap(ROOT, CONTEXT), CONTEXT) == ROOT
        with pytest.raises(ProviderUnreachable):
            vault("").wrap(ROOT, CONTEXT)


# ---- the key file held by a provider ---------------------------------------------------------------------


def test_a_key_file_held_by_a_provider_needs_it(peer: Peer, tmp_path: Path) -> None:
    files = FileKeys(tmp_path, SystemEntropy(), provider=peer.provider)
    made = files.create(None)
    assert [holder.kind for holder in files.holders()] == [peer.provider.kind]
    assert not made.development
    assert files.unlock(None).keyring.key(Purpose.BLOB, 1) == made.keyring.key(Purpose.BLOB, 1)
    peer.control("denied")
    with pytest.raises(ProviderRefused):
        files.unlock(None)
    with pytest.raises(ProviderRefused):
        files.check_provider(made.root)
    assert files.reread(made.root).generation == 1  # what is in memory reads on
    peer.control("ok")
    files.check_provider(made.root)


def test_from_a_passphrase_to_a_provider_and_back(vault_peer: Peer, tmp_path: Path) -> None:
    passphrase = "correct horse battery staple"
    made = FileKeys(tmp_path, SystemEntropy()).create(passphrase)
    held = FileKeys(tmp_path, SystemEntropy(), provider=vault_peer.provider)
    assert held.unlock(passphrase).opened_by == "passphrase"
    held.rewrap(passphrase)
    assert sorted(holder.kind for holder in held.holders()) == ["passphrase", "vault"]
    assert held.unlock(None).opened_by == "vault"
    held.rewrap(None, only=True)
    assert [holder.kind for holder in held.holders()] == ["vault"]
    assert held.unlock(None).keyring.key(Purpose.BLOB, 1) == made.keyring.key(Purpose.BLOB, 1)
    held.change_passphrase(None, passphrase)
    assert FileKeys(tmp_path, SystemEntropy()).unlock(passphrase).root == made.root


# ---- SoftHSM2 --------------------------------------------------------------------------------------------

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A token with one non-extractable AES key and one that may leave."""
    if not Path(MODULE).exists():
        pytest.fail("SoftHSM2 is missing: scripts/system.sh test installs it")
    directory = tmp_path_factory.mktemp("softhsm")
    (directory / "tokens").mkdir()
    (directory / "softhsm2.conf").write_text(
        f"directories.tokendir = {directory / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(directory / "softhsm2.conf")  # the module reads it when it is loaded, in this process
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "auricle", "--so-pin", "12345678", "--pin", "1234"],
        check=True,
        capture_output=True,
    )
    import pkcs11

    with pkcs11.lib(MODULE).get_token(token_label="auricle").open(rw=True, user_pin="1234") as session:
        for label, extractable in (("root", False), ("other", False), ("loose", True)):
            template = {pkcs11.Attribute.EXTRACTABLE: extractable, pkcs11.Attribute.SENSITIVE: True}
            session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True, template=template)
    yield
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def hsm(label: str = "root", token: str = "auricle", pin: str = "1234", module: str = MODULE) -> Pkcs11Provider:
    return Pkcs11Provider(TokenKey(module, token, label, lambda: pin), SystemEntropy())


def test_a_token_wraps_and_unwraps(token: None) -> None:
    wrapped = hsm().wrap(ROOT, CONTEXT)
    assert ROOT not in wrapped
    assert hsm().unwrap(wrapped, CONTEXT) == ROOT
    assert hsm().wrap(ROOT, CONTEXT) != wrapped


def test_a_token_tells_a_wrong_key_from_a_wrong_pin(token: None) -> None:
    wrapped = hsm().wrap(ROOT, CONTEXT)
    flipped = wrapped[:20] + bytes([wrapped[20] ^ 1]) + wrapped[21:]
    for one, bytes_of, context in ((hsm("other"), wrapped, CONTEXT), (hsm(), flipped, CONTEXT), (hsm(), wrapped, context_of("h2"))):
        with pytest.raises(WrongHolder):
            one.unwrap(bytes_of, context)
    for cut in (b"", wrapped[:20], b"\x02" + wrapped[1:]):
        with pytest.raises(WrongHolder, match="version or cut"):
            hsm().unwrap(cut, CONTEXT)
    with pytest.raises(ProviderRefused, match="PIN"):
        hsm(pin="9999").unwrap(wrapped, CONTEXT)
    assert hsm().unwrap(wrapped, CONTEXT) == ROOT  # the login of before is no obstacle


def test_a_token_or_key_that_is_not_there_is_named(token: None) -> None:
    with pytest.raises(ProviderRefused, match="no-such"):
        hsm("no-such").wrap(ROOT, CONTEXT)
    with pytest.raises(ProviderUnreachable, match="plugged in"):
        hsm(token="no-such").wrap(ROOT, CONTEXT)
    with pytest.raises(ProviderUnreachable, match="nowhere"):
        hsm(module="/nowhere.so").wrap(ROOT, CONTEXT)


def test_a_key_that_may_leave_the_token_is_refused(token: None) -> None:
    with pytest.raises(ProviderRefused, match="not extractable"):
        hsm("loose").wrap(ROOT, CONTEXT)


def test_keys_held_by_a_token(token: None, tmp_path: Path) -> None:
    made = FileKeys(tmp_path, SystemEntropy(), provider=hsm()).create(None)
    files = FileKeys(tmp_path, SystemEntropy(), provider=hsm())
    assert files.unlock(None).root == made.root
    with pytest.raises(WrongHolder):
        FileKeys(tmp_path, SystemEntropy(), provider=hsm("other")).unlock(None)


# ---- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "lacks"),
    [
        (KeySettings(provider="pkcs11", token="t", key="k"), "module"),
        (KeySettings(provider="aws-kms", key="k"), "region"),
        (KeySettings(provider="gcp-kms"), "key"),
        (KeySettings(provider="vault", key="k"), "endpoint"),
    ],
)
def test_settings_that_lack_something_name_it(settings: KeySettings, lacks: str, tmp_path: Path) -> None:
    with pytest.raises(KeySettingsWrong, match=f"`{lacks}`"):
        provider_of(settings, tmp_path, SystemEntropy())


def test_settings_make_their_provider(vault_peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert provider_of(KeySettings(), tmp_path, SystemEntropy()) is None
    (tmp_path / "token").write_text("hvs.test\n")
    settings = KeySettings(provider="vault", key="auricle", endpoint=f"http://127.0.0.1:{vault_peer.port}", credentials_file="token")
    provider = provider_of(settings, tmp_path, SystemEntropy())
    assert provider is not None
    assert provider.unwrap(provider.wrap(ROOT, CONTEXT), CONTEXT) == ROOT
    (tmp_path / "token").unlink()
    with pytest.raises(ProviderRefused, match=r"\[keys\]"):
        provider.wrap(ROOT, CONTEXT)
    monkeypatch.delenv("AURICLE_PKCS11_PIN", raising=False)
    pinless = provider_of(KeySettings(provider="pkcs11", module=MODULE, token="auricle", key="root"), tmp_path, SystemEntropy())
    assert pinless is not None
    assert pinless.facts() == {"token": "auricle", "label": "root"}
