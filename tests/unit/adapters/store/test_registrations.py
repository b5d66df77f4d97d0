"""Where phones are registered outlives a restart, on another machine's uptime too."""

import json
from typing import Any

import structlog

from auricle.adapters.store import Store
from auricle.sip.registration import Binding


def bound(aor: str = "7001", number: int = 1, expires_at: float = 4600.0) -> Binding:
    uri = f"sip:{aor}@192.0.2.{number}:5061;transport=tls"
    return Binding(aor, uri, ("<sip:127.0.0.1:5090;lr>",), "TLS", expires_at, f"call-{number}", 7, "phone\udcff 1.0", "urn:uuid:1")


async def test_bindings_come_back_on_todays_clock(practice: Any, make: Any) -> None:
    store = practice.open()
    await store.save_bindings("7001", [bound(number=1), bound(number=2)])
    store.close()
    practice.clock.pass_s(100)  # the machine was started anew: its uptime is a few seconds
    practice.clock.ticks = 5.0
    store = practice.open()
    back = await loaded(store)
    assert [binding.expires_at for binding in back] == [4600.0 - 1000.0 - 100.0 + 5.0] * 2
    assert back[0].contact_uri == bound(number=1).contact_uri
    assert back[0].user_agent == "phone? 1.0"


async def loaded(store: Store) -> list[Binding]:
    from auricle.kernel.actor import Actor, ActorKind
    from auricle.vault.gate import Decision, Gate, Ref

    class Everything:
        def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
            return Decision(True, "test")

    starter = Actor(ActorKind.SERVICE, "switchboard", frozenset({"switchboard"}))
    return await Gate(Everything(), store).open(starter, "registrations.restore", Ref("binding", "*"), "start", store.load_bindings)


async def test_the_newest_state_of_an_address_replaces_the_older(store: Store, practice: Any) -> None:
    await store.save_bindings("7001", [bound(number=1)])
    await store.save_bindings("7002", [bound("7002", 3)])
    await store.save_bindings("7001", [bound(number=2)])
    assert sorted(binding.contact_uri for binding in await loaded(store)) == [bound(number=2).contact_uri, bound("7002", 3).contact_uri]
    await store.save_bindings("7001", [])
    assert practice.raw("SELECT aor FROM binding") == [("7002",)]


async def test_a_damaged_one_costs_one_phone_its_registration_only(store: Store, practice: Any) -> None:
    await store.save_bindings("7001", [bound()])
    await store.save_bindings("7002", [bound("7002")])
    practice.raw("UPDATE binding SET sealed = x'00' WHERE aor = '7001'")
    with structlog.testing.capture_logs() as logs:
        assert [binding.aor for binding in await loaded(store)] == ["7002"]
    assert logs[0]["event"] == "sealed_row_unreadable"


async def test_a_place_more_and_a_place_less_are_entries_and_a_refresh_is_none(store: Store, practice: Any) -> None:
    await store.save_bindings("7001", [bound()])
    await store.save_bindings("7001", [bound(expires_at=9999.0)])
    await store.save_bindings("7001", [])
    acts = [json.loads(bytes(leaf)) for (leaf,) in practice.raw("SELECT leaf FROM audit_leaf ORDER BY number")]
    assert [(act["action"], act["actor_kind"], act["ref"]) for act in acts] == [
        ("phone.register", "device", "7001"),
        ("phone.unregister", "device", "7001"),
    ]
    assert not any("192.0.2" in json.dumps(act) for act in acts)
