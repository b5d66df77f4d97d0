"""Roles against actions: the whole matrix is written down here once more, by hand, and the policies must agree with it."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.access.allowance import Allowance, Source
from auricle.access.decision import NO_RULE, Policies, PoliciesWrong
from auricle.access.model import CARE, PEOPLE_ROLES, READING, STEP_UP, SYSTEM_ROLES, Action, Role
from auricle.kernel.actor import ANONYMOUS, Actor, ActorKind
from auricle.vault.gate import Ref

SIGNED_IN = {"session.read", "events.watch", "me.security"}
STAFF = SIGNED_IN | {"system.read"}
CALLS = {"calls.list", "calls.parties"}
LISTED = {"voicemail.list", "voicemail.parties"}
CONTENT = {"voicemail.play", "voicemail.read", "voicemail.mark"}
ALWAYS: dict[Role, set[str]] = {
    Role.OWNER: STAFF
    | CALLS
    | LISTED
    | {"calls.live", "break-glass.use", "people.read", "people.terminate", "people.deprovision", "sessions.revoke"}
    | {"api-keys.manage", "access.read", "access.grant", "keys.read", "keys.rotate", "retention.read", "retention.change"}
    | {"retention.run", "holds.read", "holds.change", "agreements.read", "agreements.change"},
    Role.PRIVACY_OFFICER: STAFF
    | CALLS
    | LISTED
    | {"calls.live", "audit.read", "audit.private", "audit.export", "audit.report", "alerts.read", "alerts.acknowledge", "people.read"}
    | {"sessions.revoke", "access.read", "access.grant", "access.patients", "break-glass.review", "keys.read"}
    | {"retention.read", "retention.change", "retention.run", "holds.read", "holds.change", "agreements.read", "agreements.change"},
    Role.SECURITY_OFFICER: STAFF
    | {"audit.read", "audit.export", "alerts.read", "alerts.acknowledge", "people.read", "people.terminate", "people.deprovision"}
    | {"sessions.revoke", "api-keys.manage", "access.read", "keys.read", "keys.rotate", "retention.read", "agreements.read"},
    Role.MANAGER: STAFF
    | CALLS
    | LISTED
    | {"calls.live", "break-glass.use", "people.read", "people.terminate", "people.deprovision", "sessions.revoke"}
    | {"access.read", "access.patients", "retention.read", "holds.read", "agreements.read"},
    Role.CLINICIAN: STAFF | CALLS | {"calls.live", "break-glass.use"},
    Role.NURSE: STAFF | CALLS | {"calls.live", "break-glass.use"},
    Role.FRONT_DESK: STAFF | CALLS | LISTED | {"calls.live", "break-glass.use"},
    Role.BILLING: STAFF | CALLS,
    Role.AGENT: STAFF | {"calls.live"},
    Role.IT: STAFF | {"people.read", "people.deprovision", "keys.read"},
    Role.AUDITOR: STAFF | {"calls.list", "audit.read", "alerts.read", "access.read", "retention.read", "holds.read", "agreements.read"},
    Role.SUPPORT: SIGNED_IN,
    Role.TRANSCRIBER: {"voicemail.transcribe"},
    Role.SWITCHBOARD: {"registrations.restore"},
    Role.SIGN_IN: {"second-factor.check"},
    Role.KEEPER: {"retention.run", "keys.rekey"},
    Role.COMMAND_LINE: {
        *("audit.read", "audit.export", "audit.report", "alerts.read", "people.read", "people.terminate", "sessions.revoke", "access.read"),
        *("access.grant", "keys.read", "keys.rotate", "keys.rekey", "retention.read", "retention.run", "holds.read"),
        *("holds.change", "agreements.read", "agreements.change", "system.read"),
    },
    Role.DEMO: {"calls.list", "calls.parties", "voicemail.list", "voicemail.parties", "voicemail.read", "audit.read"},
}
"""What a role may on anybody's record, once stepped up."""
IF_MINE: dict[Role, set[str]] = {
    Role.OWNER: CONTENT,
    Role.MANAGER: CONTENT,
    Role.CLINICIAN: LISTED | CONTENT,
    Role.NURSE: LISTED | CONTENT,
}
"""What it may besides in its own mailbox, and in its team's."""
IF_RELATED: dict[Role, set[str]] = {Role.CLINICIAN: LISTED | CONTENT, Role.NURSE: LISTED | CONTENT, Role.AGENT: CALLS}
"""What it may besides about patients it cares for, or calls it was on."""
FOLDER = files("auricle.access.policies")
SCHEMA = FOLDER.joinpath("practice.cedarschema").read_text("utf-8")
ALLOW = '@id("All.") permit (principal, action, resource);'
ANY = Ref("call", "*")
STRANGE = Ref("voicemail", "v1", mailbox="x", owner="y", team="z", related=frozenset({"w"}))


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies.packaged()


def kind_of(role: Role) -> ActorKind:
    return ActorKind.SERVICE if role in SYSTEM_ROLES else ActorKind.PERSON


def somebody(role: Role | str, **changes: object) -> Actor:
    kind = kind_of(Role(role))
    actor = Actor(kind, "me", frozenset({str(role)}), teams=frozenset({"mine"}), mailboxes=frozenset({"mine"}))
    return replace(actor, stepped_up=kind is ActorKind.PERSON, **changes)  # type: ignore[arg-type]


def may(policies: Policies, actor: Actor, ref: Ref) -> set[str]:
    return {action.value for action in Action if policies.decide(actor, action, ref).allowed}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.API_CLIENT])
def test_the_matrix(role: Role, policies: Policies) -> None:
    assert may(policies, somebody(role), STRANGE) == ALWAYS[role]
    for mine in (replace(STRANGE, mailbox="mine"), replace(STRANGE, team="mine")):
        assert may(policies, somebody(role), mine) == ALWAYS[role] | IF_MINE.get(role, set())
    related = replace(STRANGE, related=frozenset({"me", "w"}))
    assert may(policies, somebody(role), related) == ALWAYS[role] | IF_RELATED.get(role, set())


def test_every_action_is_given_to_some_role_and_every_role_is_in_the_matrix() -> None:
    assert set().union(*ALWAYS.values(), *IF_MINE.values()) == set(Action)
    assert set(ALWAYS) == set(Role) - {Role.API_CLIENT}


@pytest.mark.parametrize("role", PEOPLE_ROLES)
def test_what_needs_a_step_up_is_refused_without_one_and_says_so(role: Role, policies: Policies) -> None:
    before = replace(somebody(role), stepped_up=False)
    assert may(policies, before, STRANGE) == ALWAYS[role] - STEP_UP
    for action in STEP_UP:
        decision = policies.decide(before, action, STRANGE)
        assert decision.step_up == (action in ALWAYS[role])
        assert decision.reason == ("This needs a step-up: prove again who you are." if decision.step_up else NO_RULE)


def test_roles_of_the_system_are_nothing_for_people_and_the_other_way_round(policies: Policies) -> None:
    for role in SYSTEM_ROLES:
        assert may(policies, Actor(ActorKind.PERSON, "me", frozenset({role})), ANY) == SIGNED_IN
    for role in PEOPLE_ROLES:
        assert may(policies, Actor(ActorKind.SERVICE, "me", frozenset({role})), ANY) == set()
        assert may(policies, Actor(ActorKind.DEVICE, "me", frozenset({role})), ANY) == set()
        assert may(policies, Actor(ActorKind.ANONYMOUS, "me", frozenset({role})), ANY) == set()


def test_nobody_without_a_role_sees_anything(policies: Policies) -> None:
    assert may(policies, Actor(ActorKind.PERSON, "me"), ANY) == SIGNED_IN
    assert may(policies, Actor(ActorKind.SERVICE, "me"), ANY) == set()
    assert may(policies, ANONYMOUS, ANY) == set()


def test_roles_add_up(policies: Policies) -> None:
    both = somebody(Role.FRONT_DESK, roles=frozenset({"front-desk", "privacy-officer"}))
    assert may(policies, both, STRANGE) == ALWAYS[Role.FRONT_DESK] | ALWAYS[Role.PRIVACY_OFFICER]


# ---- API clients -------------------------------------------------------------------------------------


def client(role: Role, *scopes: str) -> Actor:
    return Actor(ActorKind.API_CLIENT, "k1", frozenset({role, Role.API_CLIENT}), scopes=frozenset(scopes))


@pytest.mark.parametrize("role", PEOPLE_ROLES)
def test_an_api_client_may_what_its_scopes_and_its_owner_may_both(role: Role, policies: Policies) -> None:
    in_person = {"me.security", "api-keys.manage", "access.grant", "audit.private", "break-glass.use", "break-glass.review"}
    assert may(policies, client(role, *Action), STRANGE) == ALWAYS[role] - in_person
    assert may(policies, client(role, "calls.list"), STRANGE) == ALWAYS[role] & {"calls.list"}
    assert may(policies, client(role), STRANGE) == set()


def test_an_api_client_without_scopes_or_a_person_with_some_is_held_to_them(policies: Policies) -> None:
    assert may(policies, Actor(ActorKind.API_CLIENT, "k1", frozenset({"owner"})), ANY) == set()
    assert may(policies, somebody("owner", scopes=frozenset({"people.read"})), STRANGE) == {"people.read"}


# ---- minimum necessary -------------------------------------------------------------------------------


def test_restricted_patients_are_for_those_who_care_for_them(policies: Policies) -> None:
    hidden = {"calls.parties", "voicemail.parties"} | CONTENT
    for role in PEOPLE_ROLES:
        ref = replace(STRANGE, restricted=True, mailbox="mine")
        allowed = may(policies, somebody(role), ref)
        assert allowed & hidden == (ALWAYS[role] & hidden if role is Role.PRIVACY_OFFICER else set()), role
    mine = replace(STRANGE, restricted=True, related=frozenset({"me"}), mailbox="mine")
    assert may(policies, somebody(Role.NURSE), mine) >= hidden
    emergency = frozenset({Allowance("voicemail.play", Source.BREAK_GLASS, id="b1").encode()})
    assert policies.decide(somebody(Role.NURSE, allowed=emergency), "voicemail.play", replace(mine, related=frozenset())).allowed
    for source in (Source.GRANT, Source.SETTINGS):
        given = frozenset({Allowance("voicemail.play", source).encode()})
        assert not policies.decide(somebody(Role.FRONT_DESK, allowed=given), "voicemail.play", replace(mine, related=frozenset())).allowed


def test_the_transcriber_works_on_restricted_messages_too(policies: Policies) -> None:
    assert policies.decide(somebody(Role.TRANSCRIBER), "voicemail.transcribe", replace(STRANGE, restricted=True)).allowed


def test_content_is_opened_one_message_at_a_time(policies: Policies) -> None:
    everything = somebody(Role.NURSE, allowed=frozenset(Allowance(action, Source.BREAK_GLASS).encode() for action in CARE))
    for action in CONTENT:
        assert not policies.decide(everything, action, Ref("voicemail", "*")).allowed
        assert policies.decide(everything, action, Ref("voicemail", "v1")).allowed
        assert policies.decide(everything, action, Ref("route", "*")).allowed
    assert not policies.decide(somebody(Role.TRANSCRIBER), "voicemail.transcribe", Ref("voicemail", "*")).allowed


def test_nobody_grants_or_reviews_for_themselves(policies: Policies) -> None:
    officer = somebody(Role.PRIVACY_OFFICER)
    for action in ("access.grant", "break-glass.review"):
        assert policies.decide(officer, action, Ref("grant", "g1", owner="other")).allowed
        refusal = policies.decide(officer, action, Ref("grant", "g1", owner="me"))
        assert (refusal.allowed, refusal.reason.startswith("Nobody")) == (False, True)


# ---- what is given beyond the roles ------------------------------------------------------------------


@pytest.mark.parametrize("source", Source)
def test_nothing_given_reaches_beyond_what_may_be_given(source: Source, policies: Policies) -> None:
    """Also where a row of the database was changed by hand: break-glass is care alone, grants and settings care and reading."""
    everything = frozenset(Allowance(action.value, source).encode() for action in Action)
    support = somebody(Role.SUPPORT, allowed=everything)
    wanted = CARE if source is Source.BREAK_GLASS else CARE | READING
    assert may(policies, support, STRANGE) == SIGNED_IN | wanted


def test_a_phone_a_service_and_a_program_get_nothing_by_breaking_the_glass(policies: Policies) -> None:
    everything = frozenset(Allowance(action.value, Source.BREAK_GLASS).encode() for action in Action)
    for kind in set(ActorKind) - {ActorKind.PERSON}:
        scopes = frozenset(Action) if kind is ActorKind.API_CLIENT else None
        actor = Actor(kind, "me", frozenset({"support"}), allowed=everything, scopes=scopes)
        assert may(policies, actor, STRANGE) - {"session.read", "events.watch"} == set()


def test_each_use_of_a_grant_names_the_grant(policies: Policies) -> None:
    given = {Allowance("voicemail.play", Source.GRANT, record="voicemail:v1", id="g7"), Allowance("calls.list", Source.GRANT, id="g8")}
    support = somebody(Role.SUPPORT, allowed=frozenset(allowance.encode() for allowance in given))
    assert policies.decide(support, "voicemail.play", STRANGE).reason == "A time-boxed grant in force allows it. (grant g7)"
    assert policies.decide(support, "voicemail.play", replace(STRANGE, id="v2")).reason == NO_RULE
    assert policies.decide(support, "voicemail.read", STRANGE).reason == NO_RULE
    assert "(grant g8)" in policies.decide(support, "calls.list", ANY).reason
    glass = frozenset({Allowance("calls.parties", Source.BREAK_GLASS, id="b1").encode()})
    assert policies.decide(somebody(Role.AGENT, allowed=glass), "calls.parties", STRANGE).reason.endswith("(break-glass b1)")


def test_what_a_role_gives_anyway_is_no_use_of_a_grant(policies: Policies) -> None:
    glass = frozenset({Allowance("calls.list", Source.BREAK_GLASS, id="b1").encode()})
    reason = policies.decide(somebody(Role.NURSE, allowed=glass), "calls.list", STRANGE).reason
    assert "Front desk" in reason
    assert "(break-glass b1)" in reason  # both decide, and the log shows both


# ---- unknown things ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", ["", "calls", "care", "calls.list ", "CALLS.LIST", "calls.erase", '"]; permit(principal, action, resource);//']
)
def test_an_unknown_action_is_refused(action: str, policies: Policies) -> None:
    decision = policies.decide(somebody(Role.NURSE), action, ANY)
    assert (decision.allowed, decision.reason) == (False, NO_RULE)


@pytest.mark.parametrize("role", ["", "root", "Nurse", "nurse "])
def test_an_unknown_role_is_refused_even_beside_a_known_one(role: str, policies: Policies) -> None:
    actor = Actor(ActorKind.PERSON, "p", frozenset({"nurse", role}))
    assert not any(policies.decide(actor, action, ANY).allowed for action in Action)


def test_permissions_are_what_is_open_somewhere_and_after_a_step_up(policies: Policies) -> None:
    nurse = Actor(ActorKind.PERSON, "me", frozenset({"nurse"}))
    assert set(policies.permissions(nurse)) == ALWAYS[Role.NURSE] | LISTED | CONTENT
    owner = Actor(ActorKind.PERSON, "me", frozenset({"owner"}))
    assert "keys.rotate" in policies.permissions(owner)
    assert not policies.decide(owner, "keys.rotate", Ref("route", "*")).allowed
    given = frozenset({Allowance("voicemail.play", Source.GRANT, record="voicemail:v1", id="g1").encode()})
    assert "voicemail.play" in policies.permissions(Actor(ActorKind.PERSON, "me", frozenset({"support"}), allowed=given))


# ---- policies as text --------------------------------------------------------------------------------


def test_a_forbid_that_errs_does_not_allow() -> None:
    """Cedar skips a policy that errs: an overflow passes validation and would leave the permit alone."""
    broken = Policies(ALLOW + '@id("Broken.") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };', SCHEMA)
    decision = broken.decide(somebody(Role.NURSE), "calls.list", ANY)
    assert (decision.allowed, decision.reason) == (False, NO_RULE)
    assert Policies(ALLOW, SCHEMA).decide(ANONYMOUS, "calls.list", ANY).allowed  # it is the error that denies above


def test_a_rule_about_the_kind_of_thing_is_not_answered_from_memory() -> None:
    kinds = Policies('@id("Calls.") permit (principal, action, resource) when { resource.kind == "call" };', SCHEMA)
    assert kinds.decide(ANONYMOUS, "calls.list", Ref("call", "*")).allowed
    assert not kinds.decide(ANONYMOUS, "calls.list", Ref("voicemail", "*")).allowed


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, policies: Policies) -> None:
    monkeypatch.setattr("auricle.access.decision.MAX_REMEMBERED", 3)
    for number in range(20):
        assert policies.decide(somebody(Role.NURSE), "calls.list", Ref(f"kind-{number}", "*")).allowed
    assert len(policies._remembered) <= 3


@pytest.mark.parametrize(
    ("policy", "schema"),
    [
        ('@id("x.") permit (principal, action, resource) when { principal.tenant == "a" };', SCHEMA),
        ('@id("x.") permit (principal, action, resource) when { principal.roles == "nurse" };', SCHEMA),
        ('@id("x.") permit (principal, action == Action::"calls.erase", resource);', SCHEMA),
        ('@id("x.") permit (principal, action, resource', SCHEMA),
        ("permit (principal, action, resource);", SCHEMA),
        (ALLOW, SCHEMA.replace('"calls.list", ', "")),
        (ALLOW, SCHEMA.replace('"calls.list", ', '"calls.list", "calls.erase", ')),
        (ALLOW, SCHEMA.replace('"calls.list", ', "").replace('"session.read"', '"calls.list", "session.read"')),
    ],
    ids=["unknown attribute", "wrong type", "unknown action", "no Cedar", "no words", "schema lacks one", "schema has more", "wrong group"],
)
def test_wrong_policies_are_refused_at_load(policy: str, schema: str) -> None:
    with pytest.raises(PoliciesWrong):
        Policies(policy, schema)


def test_each_file_has_its_subject_in_words() -> None:
    texts = {item.name: item.read_text("utf-8") for item in FOLDER.iterdir() if item.name.endswith((".cedar", ".cedarschema"))}
    assert len(texts) == 8
    assert all(text.startswith("// ") for text in texts.values())


def test_sentences_are_sentences_and_each_is_there_once(policies: Policies) -> None:
    assert len(set(policies.sentences)) == len(policies.sentences)
    assert all(sentence[0].isupper() and sentence.endswith(".") and len(sentence) < 150 for sentence in policies.sentences)


# ---- remembered answers are the whole answers --------------------------------------------------------

NAMES = st.sampled_from(["", "a", "b", "c", "me"])
SETS = st.frozensets(st.sampled_from(["a", "b", "me"]), max_size=3)
ROLE_SETS = st.frozensets(st.sampled_from([role.value for role in Role]), max_size=3)
ACTIONS = st.sampled_from([action.value for action in Action])
ALLOWANCES = st.builds(
    Allowance,
    ACTIONS,
    st.sampled_from(Source),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "call:r1", "voicemail:r1", "voicemail:r2"]),
    st.sampled_from(["", "g1", "b1"]),
)
ACTORS = st.builds(
    Actor,
    st.sampled_from(ActorKind),
    st.sampled_from(["me", "a"]),
    ROLE_SETS,
    teams=SETS,
    mailboxes=SETS,
    allowed=st.frozensets(ALLOWANCES.map(Allowance.encode), max_size=4),
    scopes=st.none() | st.frozensets(ACTIONS, max_size=8),
    stepped_up=st.booleans(),
)
REFS = st.builds(
    Ref,
    st.sampled_from(["call", "voicemail", "audit", "grant", "break-glass", "route", "any"]),
    st.sampled_from(["*", "r1", "r2"]),
    mailbox=NAMES,
    owner=NAMES,
    team=NAMES,
    related=SETS,
    restricted=st.booleans(),
)


@settings(max_examples=800, deadline=None)
@given(ACTORS, ACTIONS, REFS)
def test_remembered_and_reduced_answers_are_the_answers_of_all_policies(actor: Actor, action: str, ref: Ref) -> None:
    """The cache is by what policies can tell apart, and Cedar is asked only those that can apply: neither may change an answer."""
    assert SHARED.decide(actor, action, ref) == SHARED.decide_afresh(actor, action, ref)


@settings(max_examples=300, deadline=None)
@given(ACTORS, st.sampled_from(sorted(set(Action) - STEP_UP)), REFS)
def test_a_step_up_matters_only_where_the_program_knows_it(actor: Actor, action: str, ref: Ref) -> None:
    answers = {SHARED.decide_afresh(replace(actor, stepped_up=proven), action, ref) for proven in (False, True)}
    assert len(answers) == 1


SHARED = Policies.packaged()


def facts() -> Iterator[tuple[Actor, Ref]]:
    """Enough different askers and things that every rule decides somewhere and does not elsewhere."""
    yield ANONYMOUS, STRANGE
    yield client(Role.OWNER, "calls.list", "api-keys.manage"), STRANGE
    yield Actor(ActorKind.PERSON, "me", frozenset({"owner"})), STRANGE
    for role in set(Role) - {Role.API_CLIENT}:
        actor = somebody(role)
        related = replace(STRANGE, related=frozenset({"me"}))
        mine = replace(STRANGE, mailbox="mine")
        for ref in (STRANGE, mine, related, replace(STRANGE, owner="me"), replace(mine, restricted=True), Ref("voicemail", "*")):
            yield actor, ref
    for source in Source:
        given = frozenset(Allowance(action, source).encode() for action in CARE | READING)
        yield Actor(ActorKind.PERSON, "me", frozenset({"support"}), allowed=given), STRANGE


def test_every_rule_decides_somewhere_and_not_elsewhere(policies: Policies) -> None:
    """A rule that nothing exercises is a rule nobody has seen work."""
    sentences = frozenset(policies.sentences)
    seen = {frozenset(policies.decide(actor, action, ref).rules) & sentences for actor, ref in facts() for action in Action}
    assert sentences - frozenset().union(*seen) == set()
    assert sentences & frozenset.intersection(*seen) == set()
