"""The registrar's table (RFC 3261 10.3)."""

from types import SimpleNamespace

import pytest

from auricle.sip.message import parse_message
from auricle.sip.registration import MAX_BINDINGS, RegistrationRefused, Registrations

TLS = SimpleNamespace(transport="TLS")
PATH = "<sip:127.0.0.1:9;lr;received=sip:192.0.2.5:40000%3Btransport%3Dtls>"
DESK = "<sip:anna@192.0.2.5:40000;transport=tls>"
CELL = "<sip:anna@192.0.2.6:50000;transport=tls>"


def register(*contacts, cseq=1, call_id="c1", expires=None, agent="Phone 1.0"):
    lines = "".join(f"Contact: {contact}\r\n" for contact in contacts) + (f"Expires: {expires}\r\n" if expires is not None else "")
    text = (
        "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:anna@pbx.example>;tag=1\r\n"
        f"To: <sip:anna@pbx.example>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nUser-Agent: {agent}\r\nPath: {PATH}\r\n"
        f"{lines}Content-Length: 0\r\n\r\n"
    )
    return parse_message(text.encode())


@pytest.fixture
def table():
    return Registrations()


def uris(bindings):
    return [binding.contact_uri for binding in bindings]


def test_a_binding_keeps_how_to_reach_it(table):
    result = table.apply("anna", register(DESK, expires=600), TLS, 100.0)
    (binding,) = result.bindings
    assert result.changed
    assert binding.contact_uri == DESK.strip("<>")
    assert (binding.path, binding.transport, binding.expires_at, binding.user_agent) == ((PATH,), "TLS", 700.0, "Phone 1.0")
    assert table.lookup("anna", 699.0) == (binding,)
    assert table.lookup("anna", 700.0) == ()
    assert table.lookup("ben", 100.0) == ()


def test_several_contacts_with_their_own_expires(table):
    result = table.apply(
        "anna", register(f"{DESK};expires=120", f"{CELL};q=0.1, <sip:third@192.0.2.7>;expires=99999", expires=300), TLS, 0.0
    )
    assert [binding.expires_at for binding in result.bindings] == [120.0, 300.0, 3600.0]


@pytest.mark.parametrize(("contact", "lifetime"), [(f"{DESK};expires=soon", 3600.0), (DESK, 3600.0), (f"{DESK};expires=60", 60.0)])
def test_lifetimes(table, contact, lifetime):
    assert table.apply("anna", register(contact), TLS, 0.0).bindings[0].expires_at == lifetime


def test_too_brief_is_423_and_changes_nothing(table):
    with pytest.raises(RegistrationRefused) as refusal:
        table.apply("anna", register(CELL, f"{DESK};expires=59"), TLS, 0.0)
    assert (refusal.value.status, refusal.value.headers) == (423, (("Min-Expires", "60"),))
    assert table.lookup("anna", 0.0) == ()


def test_refresh_replaces_and_zero_removes(table):
    table.apply("anna", register(DESK, CELL), TLS, 0.0)
    result = table.apply("anna", register(DESK, cseq=2, expires=600), TLS, 50.0)
    assert {binding.contact_uri: binding.expires_at for binding in result.bindings} == {DESK.strip("<>"): 650.0, CELL.strip("<>"): 3600.0}
    result = table.apply("anna", register(f"{DESK};expires=0", cseq=3), TLS, 60.0)
    assert uris(result.bindings) == [CELL.strip("<>")]


def test_star_removes_all_but_only_with_expires_zero_and_alone(table):
    table.apply("anna", register(DESK, CELL), TLS, 0.0)
    for bad in (register("*", cseq=2), register("*", cseq=2, expires=60), register("*", DESK, cseq=2, expires=0)):
        with pytest.raises(RegistrationRefused) as refusal:
            table.apply("anna", bad, TLS, 1.0)
        assert refusal.value.status == 400
    assert len(table.lookup("anna", 1.0)) == 2
    assert table.apply("anna", register("*", cseq=2, expires=0), TLS, 1.0).bindings == ()
    assert table.lookup("anna", 1.0) == ()


def test_an_older_request_of_the_same_call_id_is_refused(table):
    table.apply("anna", register(DESK, cseq=5), TLS, 0.0)
    for late in (register(f"{DESK};expires=0", cseq=4), register(DESK, cseq=5), register("*", cseq=3, expires=0)):
        with pytest.raises(RegistrationRefused) as refusal:
            table.apply("anna", late, TLS, 1.0)
        assert refusal.value.status == 500
    table.apply("anna", register(f"{DESK};expires=0", cseq=1, call_id="restarted"), TLS, 2.0)
    assert table.lookup("anna", 2.0) == ()


def test_query_changes_nothing(table):
    table.apply("anna", register(DESK), TLS, 0.0)
    result = table.apply("anna", register(cseq=2), TLS, 1.0)
    assert uris(result.bindings) == [DESK.strip("<>")]
    assert not result.changed


def test_the_same_instance_on_a_new_port_replaces_its_old_contact(table):
    """RFC 5626 6: a phone behind NAT that reconnects must not ring twice."""
    instance = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>";reg-id=1'
    table.apply("anna", register(DESK + instance), TLS, 0.0)
    table.apply("anna", register("<sip:anna@192.0.2.5:41111;transport=tls>" + instance, call_id="c2"), TLS, 1.0)
    assert uris(table.lookup("anna", 1.0)) == ["sip:anna@192.0.2.5:41111;transport=tls"]


def test_no_table_grows_without_bound(table):
    for i in range(MAX_BINDINGS):
        table.apply("anna", register(f"<sip:anna@192.0.2.9:{5000 + i}>", call_id=f"c{i}"), TLS, 0.0)
    with pytest.raises(RegistrationRefused) as refusal:
        table.apply("anna", register("<sip:anna@192.0.2.9:6000>", call_id="x"), TLS, 0.0)
    assert refusal.value.status == 403


def test_tel_contact_is_refused(table):
    with pytest.raises(RegistrationRefused):
        table.apply("anna", register("<tel:+12025550123>"), TLS, 0.0)


def test_stored_bindings_come_back(table):
    binding = table.apply("anna", register(DESK), TLS, 0.0).bindings[0]
    again = Registrations()
    again.restore([binding])
    assert again.lookup("anna", 1.0) == (binding,)
