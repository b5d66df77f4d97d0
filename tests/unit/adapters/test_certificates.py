"""Certificates for trying it out: made once, kept, renewed, and such that a strict client believes them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store

from auricle.adapters.certificates import ensure_demo_ca

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOSTS = ["pbx.example", "192.0.2.1", "2001:db8::1"]


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_certificate_verifies_for_every_name_and_address(tmp_path: Path) -> None:
    made = ensure_demo_ca(tmp_path / "c", HOSTS, NOW)
    builder = PolicyBuilder().store(Store([load(made.ca)])).time(NOW)
    for subject in (x509.DNSName("pbx.example"), x509.IPAddress(ip_address("192.0.2.1")), x509.IPAddress(ip_address("2001:db8::1"))):
        builder.build_server_verifier(subject).verify(load(made.certificate), [])


def test_only_the_owner_reads_the_key_and_no_key_of_the_authority_is_left(tmp_path: Path) -> None:
    made = ensure_demo_ca(tmp_path / "c", HOSTS, NOW)
    assert made.private_key.stat().st_mode & 0o077 == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"PRIVATE KEY" in path.read_bytes()] == ["server.key"]
    assert isinstance(load(made.certificate).public_key(), ec.EllipticCurvePublicKey)


def test_it_is_kept_until_30_days_are_left(tmp_path: Path) -> None:
    first = load(ensure_demo_ca(tmp_path, HOSTS, NOW).certificate)
    assert load(ensure_demo_ca(tmp_path, HOSTS, NOW + timedelta(days=334)).certificate) == first
    assert load(ensure_demo_ca(tmp_path, HOSTS[:1], NOW).certificate) == first
    assert load(ensure_demo_ca(tmp_path, HOSTS, NOW + timedelta(days=336)).certificate) != first


def test_a_new_host_or_a_broken_file_makes_a_new_one(tmp_path: Path) -> None:
    made = ensure_demo_ca(tmp_path, HOSTS, NOW)
    first = load(made.certificate)
    second = load(ensure_demo_ca(tmp_path, [*HOSTS, "other.example"], NOW).certificate)
    assert second != first
    made.private_key.write_text("half a key")
    third = load(ensure_demo_ca(tmp_path, HOSTS, NOW).certificate)
    assert third != second
    made.ca.unlink()
    assert load(ensure_demo_ca(tmp_path, HOSTS, NOW).certificate) != third
    made.certificate.write_text("-----BEGIN CERTIFICATE-----\nnope\n")
    ensure_demo_ca(tmp_path, HOSTS, NOW)
    load(made.certificate)
