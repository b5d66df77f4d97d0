"""Digest authentication, with the examples of RFC 2617 and RFC 7616."""

import pytest

from auricle.sip import digest
from auricle.sip.digest import BadCredentials, DigestVerifier, ReplayedNonce, StaleNonce, authorization, ha1

REALM = "pbx.example"
PASSWORD = "correct horse"


def lookup(username: str, algorithm: str) -> str | None:
    return ha1(username, REALM, PASSWORD, algorithm) if username == "7001" else None


def verifier(lifetime_s: float = 60.0) -> DigestVerifier:
    return DigestVerifier(b"k" * 32, REALM, lifetime_s)


def answer(challenge: str, *, password: str = PASSWORD, count: int = 1, username: str = "7001") -> str:
    return authorization(challenge, "REGISTER", "sip:pbx.example", username, password, "c0ffee", count)


def test_example_of_rfc_7616() -> None:
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in expected.items():
        value = authorization(
            challenge % algorithm, "GET", "/dir/index.html", "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        )
        assert f'response="{response}"' in value
        assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in value
        assert "nc=00000001" in value


def test_challenge_without_qop_is_answered_the_old_way() -> None:
    value = authorization(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
        "GET",
        "/dir/index.html",
        "Mufasa",
        "CircleOfLife",
        "x",
    )
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in value
    assert "qop" not in value
    assert "cnonce" not in value


def test_challenges_are_strongest_first() -> None:
    challenges = verifier().challenges(1.0)
    assert ["SHA-256" in challenges[0], "MD5" in challenges[1], len(challenges)] == [True, True, 2]


@pytest.mark.parametrize("which", [0, 1])
def test_right_password_and_either_algorithm(which: int) -> None:
    guard = verifier()
    assert guard.verify(answer(guard.challenges(1.0)[which]), "REGISTER", 2.0, lookup) == "7001"


def test_wrong_credentials_are_all_the_same_error() -> None:
    guard = verifier()
    challenge = guard.challenges(1.0)[0]
    good = answer(challenge)
    bad = [
        answer(challenge, password="guess"),
        answer(challenge, username="7999"),
        good.replace("REGISTER", "x").replace("sip:pbx.example", "sip:other.example"),
        good.replace(f'realm="{REALM}"', 'realm="other"'),
        good.replace("SHA-256", "SHA-512"),
        good.replace("nc=00000001", "nc=0x000001"),
        good.replace("nc=00000001", "nc=1"),
        good.replace("qop=auth", "qop=auth-int"),
        good.replace(", qop=auth", ""),
        good + ', username="7002"',
        good + ', opaque="never closed',
        "Basic abc",
        "",
        "Digest",
        "Digest " + "x" * 5000,
        good.replace('response="', 'response="\udcff'),
        good.replace('uri="', 'uri="\udcff'),
        good.replace('username="', 'username="\udcff'),
    ]
    for header in bad:
        with pytest.raises(BadCredentials):
            guard.verify(header, "REGISTER", 2.0, lookup)
    with pytest.raises(BadCredentials):
        guard.verify(good, "INVITE", 2.0, lookup)
    assert guard.verify(good, "REGISTER", 2.0, lookup) == "7001"


def test_nonces_grow_old_and_cannot_be_forged() -> None:
    guard = verifier(lifetime_s=60)
    header = answer(guard.challenges(100.0)[0])
    with pytest.raises(StaleNonce):
        guard.verify(header, "REGISTER", 160.1, lookup)
    assert guard.verify(header, "REGISTER", 159.9, lookup) == "7001"
    for forged in ("", "x", "a.b.c", "186a0.1." + "0" * 32, "\udcff.1.x", "ü"):
        with pytest.raises(StaleNonce):
            guard.verify(answer(f'Digest realm="{REALM}", nonce="{forged}", qop="auth", algorithm=MD5'), "REGISTER", 101.0, lookup)
    other = DigestVerifier(b"another key", REALM)
    with pytest.raises(StaleNonce):
        other.verify(header, "REGISTER", 101.0, lookup)


def test_counts_cannot_be_used_twice() -> None:
    guard = verifier()
    challenge = guard.challenges(1.0)[0]
    for count in (1, 3, 2, 70, 7):
        guard.verify(answer(challenge, count=count), "REGISTER", 2.0, lookup)
    for count in (1, 2, 3, 70, 7, 6, 0):  # 6 is 64 behind 70: outside the window
        with pytest.raises(ReplayedNonce):
            guard.verify(answer(challenge, count=count), "REGISTER", 2.0, lookup)
    guard.verify(answer(challenge, count=2**32 - 1), "REGISTER", 2.0, lookup)
    with pytest.raises(ReplayedNonce):
        guard.verify(answer(challenge, count=71), "REGISTER", 2.0, lookup)


def test_a_wrong_password_uses_up_no_count() -> None:
    guard = verifier()
    challenge = guard.challenges(1.0)[0]
    with pytest.raises(BadCredentials):
        guard.verify(answer(challenge, password="guess"), "REGISTER", 2.0, lookup)
    assert guard.verify(answer(challenge), "REGISTER", 2.0, lookup) == "7001"


def test_memory_is_bounded_and_what_is_forgotten_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_NONCES", 10)
    guard = verifier(lifetime_s=60)
    headers = [answer(guard.challenges(1.0 + n)[0]) for n in range(15)]
    for header in headers:
        guard.verify(header, "REGISTER", 20.0, lookup)
    assert len(guard._seen) == 10
    with pytest.raises(StaleNonce):
        guard.verify(headers[0], "REGISTER", 20.0, lookup)
    with pytest.raises(ReplayedNonce):
        guard.verify(headers[14], "REGISTER", 20.0, lookup)
    guard.verify(answer(guard.challenges(90.0)[0]), "REGISTER", 90.0, lookup)
    assert len(guard._seen) == 1


def test_names_with_quotes_stay_in_their_field() -> None:
    guard = verifier()
    header = answer(guard.challenges(1.0)[0], username='7001", realm="x')
    with pytest.raises(BadCredentials):
        guard.verify(header, "REGISTER", 2.0, lookup)
    seen: list[str] = []
    with pytest.raises(BadCredentials):
        guard.verify(header, "REGISTER", 2.0, lambda username, algorithm: seen.append(username))
    assert seen == ['7001", realm="x']


def test_challenges_we_cannot_answer() -> None:
    for challenge in (
        'Digest realm="a", nonce="b", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="a", nonce="b", qop="auth-int"',
        'Basic realm="a"',
    ):
        with pytest.raises(BadCredentials):
            answer(challenge)
