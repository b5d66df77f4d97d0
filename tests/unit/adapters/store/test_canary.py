"""No number, name or text of a patient is in the database, its write-ahead log or its index: the bytes are searched for planted ones."""

from typing import Any

from auricle.adapters.store import Store
from auricle.calls.voicemail_record import TranscriptState
from auricle.kernel.ids import VoicemailId
from auricle.kernel.phi import Phi
from auricle.sip.registration import Binding

PATIENT, CALLED, PARTY = "+12025550142", "+12025550177", "+12025550166"
NAME, LEG_NAME = "Zephyrine Quackenbush", "Xanthippe Featherstone"
WORDS = "my metoprolol ran out on thursday"
CONTACT, CALL_ID = "sip:7001@198.51.100.77:50612;transport=tls", "registration-call-id-4711"
CANARIES = [PATIENT, CALLED, PARTY, NAME, "Zephyrine", LEG_NAME, WORDS, "metoprolol", CONTACT, "198.51.100.77", CALL_ID]


def forms(text: str) -> list[bytes]:
    """How a text may lie in a file."""
    digits = text.removeprefix("+")
    return [
        text.encode(),
        digits.encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode().hex().encode(),
        text.upper().encode(),
    ]


async def planted(store: Store, make: Any) -> None:
    leg = make.leg(1, party=Phi(PARTY), display_name=Phi(LEG_NAME))
    await store.add_call(make.call(1, caller=Phi(PATIENT), caller_name=Phi(NAME), called=Phi(CALLED), legs=(leg,)))
    await store.begin_voicemail(make.message(1, caller=Phi(PATIENT), caller_name=Phi(NAME)))
    await store.add_voicemail(make.message(1, caller=Phi(PATIENT), caller_name=Phi(NAME)))
    await store.begin_voicemail(make.message(2, caller=Phi(PATIENT), caller_name=Phi(NAME)))
    await store.discard_voicemail(VoicemailId("v0002"))
    await store.set_transcript(VoicemailId("v0001"), TranscriptState.DONE, f'{{"text": "{WORDS}"}}')
    await store.save_bindings("7001", [Binding("7001", CONTACT, (), "TLS", 9e9, CALL_ID, 1, "phone", "")])


async def test_no_file_holds_a_canary(store: Store, make: Any, look: Any, practice: Any) -> None:
    await planted(store, make)
    assert (await look("call", "*", store.calls_of_number, PATIENT))[0].caller_name.reveal("test") == NAME
    await look("voicemail", "v0001", store.transcript, VoicemailId("v0001"))
    running = practice.files()
    store.close()
    for content in (running, practice.files()):
        assert b"c0001" in content  # identifiers are clear, so this is the right content
        assert b"v0001" in content
        found = [canary for canary in CANARIES for form in forms(canary) if form in content]
        assert found == []


async def test_the_search_can_find_something(store: Store, make: Any, practice: Any) -> None:
    await store.put_account("quackenbush", make.call().answered_by, f"{NAME} {PATIENT}")
    content = practice.files()
    assert all(any(form in content for form in forms(canary)) for canary in (NAME, PATIENT))
