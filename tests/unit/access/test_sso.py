"""OpenID Connect without a network: the request, the answer, every claim of an ID token and of a logout token."""

import math
from dataclasses import replace
from typing import Any

import pytest

from auricle.access.sso import (
    LEEWAY_S,
    LOGOUT_EVENT,
    MAX_TOKEN_AGE_S,
    Flow,
    Identity,
    Match,
    Problem,
    Provider,
    SsoRefused,
    code_challenge,
    code_of,
    identity_of,
    logout_of,
    person_of,
    request_parameters,
    with_userinfo,
)
from auricle.kernel.ids import PersonId

ISSUER, CLIENT, NOW = "https://login.clinic.example", "auricle", 1_800_000_000.0
DANA = PersonId("dana-reyes")
PROVIDER = Provider(
    id="clinic",
    name="Clinic",
    issuer=ISSUER,
    client_id=CLIENT,
    people={"u-17": DANA},
    second_factor_acr=("urn:mfa",),
    second_factor_amr=("otp", "hwk"),
)
BY_EMAIL = replace(PROVIDER, match=Match.EMAIL, people={"dana@clinic.example": DANA})
FLOW = Flow("clinic", "state-1", "nonce-1", "verifier-1")
CLAIMS: dict[str, Any] = {"iss": ISSUER, "sub": "u-17", "aud": CLIENT, "exp": NOW + 300, "iat": NOW, "nonce": "nonce-1"}


def refusal(call: Any, *args: Any, **named: Any) -> SsoRefused:
    with pytest.raises(SsoRefused) as caught:
        call(*args, **named)
    return caught.value


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_request_has_pkce_nonce_and_state_and_asks_for_no_more_than_it_needs() -> None:
    asked = request_parameters(PROVIDER, FLOW, "https://phones.example/cb")
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://phones.example/cb",
        "scope": "openid",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": code_challenge("verifier-1"),
        "code_challenge_method": "S256",
        "acr_values": "urn:mfa",
    }
    assert request_parameters(BY_EMAIL, FLOW, "x")["scope"] == "openid email"


# ---- the answer in the browser's address -----------------------------------------------------------


def test_the_code_of_a_good_answer() -> None:
    assert code_of({"state": "state-1", "code": "c", "iss": ISSUER}, FLOW, PROVIDER, sends_iss=True) == "c"
    assert code_of({"state": "state-1", "code": "c"}, FLOW, PROVIDER, sends_iss=False) == "c"


@pytest.mark.parametrize(
    ("answer", "sends_iss", "problem"),
    [
        ({}, False, Problem.OVER),
        ({"state": "state-2", "code": "c"}, False, Problem.OVER),
        ({"state": "", "code": "c"}, False, Problem.OVER),
        ({"state": "state-1", "code": "c"}, True, Problem.WRONG_ANSWER),
        ({"state": "state-1", "code": "c", "iss": "https://evil.example"}, False, Problem.WRONG_ANSWER),
        ({"state": "state-1", "code": "c", "iss": ISSUER + "/"}, True, Problem.WRONG_ANSWER),
        ({"state": "state-1", "error": "access_denied", "iss": ISSUER}, True, Problem.CANCELLED),
        ({"state": "state-1", "error": "access_denied", "iss": "https://evil.example"}, True, Problem.WRONG_ANSWER),
        ({"state": "state-1"}, False, Problem.WRONG_ANSWER),
        ({"state": "state-1", "code": ""}, False, Problem.WRONG_ANSWER),
    ],
    ids=str,
)
def test_other_answers_are_refused(answer: dict[str, str], problem: Problem, *, sends_iss: bool) -> None:
    assert refusal(code_of, answer, FLOW, PROVIDER, sends_iss=sends_iss).problem is problem


def test_an_answer_at_another_providers_address_is_refused() -> None:
    other = replace(PROVIDER, id="other")
    assert refusal(code_of, {"state": "state-1", "code": "c"}, FLOW, other, sends_iss=False).problem is Problem.OVER


# ---- the ID token ----------------------------------------------------------------------------------


def test_a_good_token_names_somebody() -> None:
    assert identity_of(CLAIMS, PROVIDER, "nonce-1", NOW) == Identity("u-17", "", "", False, False)
    full = CLAIMS | {"sid": "s1", "email": " Dana@Clinic.example ", "email_verified": True, "azp": CLIENT, "aud": [CLIENT]}
    assert identity_of(full, PROVIDER, "nonce-1", NOW) == Identity("u-17", "s1", "dana@clinic.example", True, False)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else"]},
        {"aud": [CLIENT, "somebody-else"]},
        {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
        {"aud": {CLIENT: 1}},
        {"aud": None},
        {"azp": "somebody-else"},
        {"exp": NOW - LEEWAY_S},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": math.nan},
        {"exp": math.inf},
        {"exp": 10**400},
        {"iat": NOW - MAX_TOKEN_AGE_S - 1},
        {"iat": NOW + LEEWAY_S + 1},
        {"iat": math.nan},
        {"iat": None},
        {"nbf": NOW + LEEWAY_S + 1},
        {"nbf": "soon"},
        {"nonce": "nonce-2"},
        {"nonce": ""},
        {"nonce": None},
        {"nonce": ["nonce-1"]},
        {"sub": ""},
        {"sub": None},
        {"sub": 17},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(changed: dict[str, Any]) -> None:
    for claims in (CLAIMS | changed, {name: value for name, value in (CLAIMS | changed).items() if value is not None}):
        assert refusal(identity_of, claims, PROVIDER, "nonce-1", NOW).problem is Problem.WRONG_ANSWER


def test_clocks_may_differ_by_half_a_minute() -> None:
    edge = CLAIMS | {"exp": NOW - LEEWAY_S + 1, "iat": NOW + LEEWAY_S - 1, "nbf": NOW + LEEWAY_S - 1}
    assert identity_of(edge, PROVIDER, "nonce-1", NOW).subject == "u-17"


@pytest.mark.parametrize(
    ("claims", "counts"),
    [
        ({}, False),
        ({"acr": "urn:mfa"}, True),
        ({"acr": "0"}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "otp"]}, True),
        ({"amr": "otp"}, False),
        ({"amr": [["otp"]]}, False),
        ({"amr": {"otp": 1}}, False),
        ({"acr": ["urn:mfa"]}, False),
    ],
    ids=str,
)
def test_what_counts_as_a_second_factor_is_what_the_settings_say(claims: dict[str, Any], *, counts: bool) -> None:
    assert identity_of(CLAIMS | claims, PROVIDER, "nonce-1", NOW).second_factor is counts
    trusting_nothing = replace(PROVIDER, second_factor_acr=(), second_factor_amr=())
    assert not identity_of(CLAIMS | claims, trusting_nothing, "nonce-1", NOW).second_factor


# ---- whom it is --------------------------------------------------------------------------------------


def who(**changes: Any) -> Identity:
    return replace(Identity("u-17", "", "dana@clinic.example", True, False), **changes)


def test_people_are_found_by_subject_or_by_verified_email() -> None:
    assert person_of(who(), PROVIDER) == DANA
    assert person_of(who(), BY_EMAIL) == DANA
    assert person_of(who(), replace(BY_EMAIL, allowed_domains=frozenset({"clinic.example"}))) == DANA


@pytest.mark.parametrize(
    ("identity", "provider"),
    [
        (who(subject="u-18"), PROVIDER),
        (who(email_verified=False), BY_EMAIL),
        (who(email=""), BY_EMAIL),
        (who(email="dana@clinic.example.evil.example"), BY_EMAIL),
        (who(email="evil.example"), replace(BY_EMAIL, allowed_domains=frozenset({"clinic.example"}))),
        (who(), replace(BY_EMAIL, allowed_domains=frozenset({"other.example"}))),
        (who(), replace(PROVIDER, allowed_domains=frozenset({"other.example"}))),
        (who(email_verified=False), replace(PROVIDER, allowed_domains=frozenset({"clinic.example"}))),
    ],
    ids=str,
)
def test_nobody_else_is_let_in(identity: Identity, provider: Provider) -> None:
    assert refusal(person_of, identity, provider).problem is Problem.NOBODY


def test_userinfo_must_be_about_the_same_subject() -> None:
    asked = who(email="", email_verified=False)
    assert with_userinfo(asked, {"sub": "u-17", "email": "Dana@clinic.example", "email_verified": True}) == who()
    assert not with_userinfo(asked, {"sub": "u-17", "email": "dana@clinic.example", "email_verified": "true"}).email_verified
    assert refusal(with_userinfo, asked, {"sub": "u-18", "email": "x@y.example"}).problem is Problem.WRONG_ANSWER


def test_who_was_refused_stands_in_the_private_part_only() -> None:
    refused = refusal(person_of, who(email="joe@clinic.example"), BY_EMAIL)
    assert "joe" not in str(refused)
    assert refused.private == "email: joe@clinic.example"


# ---- logout tokens -----------------------------------------------------------------------------------

LOGOUT: dict[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "iat": NOW, "exp": NOW + 120, "jti": "j1", "sub": "u-17", "sid": "s1", "events": {LOGOUT_EVENT: {}},
}  # fmt: skip


def test_a_logout_token_says_whose_sessions_end() -> None:
    found = logout_of(LOGOUT, PROVIDER, NOW)
    assert (found.subject, found.session, found.token_id) == ("u-17", "s1", "j1")
    assert logout_of({name: value for name, value in LOGOUT.items() if name != "sub"}, PROVIDER, NOW).subject == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "n"},
        {"events": None},
        {"events": {}},
        {"events": {LOGOUT_EVENT: None}},
        {"events": [LOGOUT_EVENT]},
        {"jti": None},
        {"jti": ""},
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"exp": NOW - LEEWAY_S},
        {"iat": NOW - MAX_TOKEN_AGE_S - 1},
        {"sid": 7},
        {"sub": None, "sid": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_other_tokens_end_nothing(changed: dict[str, Any]) -> None:
    claims = {name: value for name, value in (LOGOUT | changed).items() if value is not None}
    assert refusal(logout_of, claims, PROVIDER, NOW).problem is Problem.WRONG_ANSWER
