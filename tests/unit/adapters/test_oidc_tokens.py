"""Signed tokens of a provider: which are believed, and that no bytes get past with an error that is not ours."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwk, jws

from auricle.access.sso import Problem, SsoRefused
from auricle.adapters.oidc.tokens import ALGORITHMS, claims_of, fitting, header_of, keys_of

EC = jwk.ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RSA = jwk.RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS256"})
OKP = jwk.OKPKey.generate_key("Ed25519", {"kid": "okp"})
CLAIMS = {"sub": "u-17"}


def public(*keys: jwk.Key) -> list[jwk.Key]:
    return keys_of({"keys": [key.as_dict(private=False) for key in keys]})


def signed(key: jwk.Key, algorithm: str, claims: Any = None, **header: Any) -> str:
    return jws.serialize_compact({"alg": algorithm, **header}, json.dumps(claims or CLAIMS), key, algorithms=[algorithm])


def read(token: str, keys: list[jwk.Key], algorithms: tuple[str, ...] = ALGORITHMS) -> dict[str, Any]:
    header = header_of(token, algorithms)
    return claims_of(token, fitting(keys, header), header)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(EC, "ES256"), (RSA, "RS256"), (OKP, "EdDSA"), (OKP, "Ed25519")], ids=["es", "rs", "eddsa", "ed25519"]
)
def test_tokens_of_each_kind_of_key_are_read(key: jwk.Key, algorithm: str) -> None:
    everything = public(EC, RSA, OKP)
    assert read(signed(key, algorithm, kid=key.kid), everything) == CLAIMS
    assert read(signed(key, algorithm), everything) == CLAIMS


def test_of_several_keys_without_names_the_right_one_is_found_every_time() -> None:
    """The library would draw one by chance."""
    others = [jwk.ECKey.generate_key("P-256") for _ in range(4)]
    keys = public(*others, EC)
    assert all(read(signed(EC, "ES256"), keys) == CLAIMS for _ in range(10))


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "HS512", "ES256K", "", "RS1"])
def test_no_other_algorithm_is_looked_at(algorithm: str) -> None:
    head = urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode().rstrip("=")
    body = urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
    for signature in ("", "AAAA"):
        with pytest.raises(SsoRefused) as caught:
            header_of(f"{head}.{body}.{signature}", ALGORITHMS)
        assert caught.value.problem is Problem.WRONG_ANSWER


def test_an_algorithm_that_the_provider_does_not_name_is_refused() -> None:
    with pytest.raises(SsoRefused, match="not agreed"):
        read(signed(EC, "ES256"), public(EC), ("RS256",))


def test_a_key_is_used_for_its_own_kind_algorithm_and_purpose_only() -> None:
    for_encryption = jwk.ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
    header = header_of(signed(EC, "ES256"), ALGORITHMS)
    assert fitting(public(for_encryption), header) == []
    assert fitting(public(RSA), header) == []
    assert fitting(public(EC), header_of(signed(RSA, "RS256", kid="ec"), ALGORITHMS)) == []
    other = jwk.RSAKey.generate_key(2048, {"alg": "RS512"})
    assert fitting(public(other), header_of(signed(RSA, "RS256"), ALGORITHMS)) == []


def test_symmetric_short_and_broken_keys_are_left_out() -> None:
    short = jwk.RSAKey.generate_key(1024)
    odd = [{"kty": "oct", "k": "c2VjcmV0"}, short.as_dict(private=False), {"kty": "EC", "crv": "P-256"}, {"kty": "AKP"}, "text", None]
    document = {"keys": [*odd, EC.as_dict(private=False)]}
    assert [key.kid for key in keys_of(document)] == ["ec"]
    for nothing in ({}, {"keys": None}, {"keys": {}}, [], None):
        assert keys_of(nothing) == []


def test_a_header_with_demands_is_refused() -> None:
    token = signed(EC, "ES256")
    for header in ({"alg": "ES256", "crit": ["exp"]}, {"alg": "ES256", "typ": 7}, {"alg": "ES256", "kid": 7}, ["alg"], {"alg": ["ES256"]}):
        head = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
        with pytest.raises(SsoRefused):
            header_of(".".join([head, *token.split(".")[1:]]), ALGORITHMS)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_token_gets_past_but_the_one_that_was_signed(data: st.DataObject) -> None:
    token = signed(EC, "ES256", kid="ec")
    changed = data.draw(
        st.text(max_size=300)
        | st.builds(lambda at, char: token[:at] + char + token[at + 1 :], st.integers(0, len(token) - 1), st.characters())
        | st.builds(lambda head: ".".join([urlsafe_b64encode(head).decode(), *token.split(".")[1:]]), st.binary(max_size=60))
        | st.builds(lambda at: token[:at], st.integers(0, len(token)))
    )
    try:
        found = read(changed, public(EC))
    except SsoRefused:
        return
    assert found == CLAIMS
