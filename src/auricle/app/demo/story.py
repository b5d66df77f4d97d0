"""What the demo plays and what it checks: every sentence it prints was found true in this run."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auricle.adapters.speech import say_as_patient
from auricle.app.demo import practice as made_up
from auricle.app.demo.evidence import Heard, hear_file, plaintext_audio_files
from auricle.app.demo.phone import BaresipPhone, PhoneAccount
from auricle.app.demo.practice import DemoPractice
from auricle.app.demo.protection import show_access, show_new_keys
from auricle.app.instance import Instance
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.errors import OurError
from auricle.speech.normalize import word_error_rate

PATIENT_SAYS = "Good morning. I would like to make an appointment for next Tuesday, please."
FRONT_DESK_SAYS = "Harbor Street Family Medicine, this is Dana. How can I help you today?"
MESSAGE = "Hello, this is Robin Carter. I need a refill of my blood pressure medicine. Please call me back tomorrow morning. Thank you."
MAX_WER_ON_THE_LINE = 0.34  # what a telephone band and a small model leave of one sentence; silence or noise would give 1
MAX_WER_VOICEMAIL = 0.25
STAFF_ADDRESS, PATIENT_ADDRESS = "127.0.0.1", "127.0.0.1"


class ClaimFailed(OurError):
    """The demo would have claimed something that this run did not show."""

    code = "demo.claim_failed"


@dataclass(slots=True)
class Outcome:
    """What `--json` prints."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    voicemail: dict[str, Any] = field(default_factory=dict)
    access: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    sealed_files: list[str] = field(default_factory=list)
    plaintext_audio_files: int = -1
    seconds: float = 0.0

    def to_json(self) -> str:
        """One object on one line."""
        return json.dumps(
            {
                "calls": self.calls,
                "voicemail": self.voicemail,
                "access": self.access,
                "keys": self.keys,
                "audit": self.audit,
                "sealed_files": self.sealed_files,
                "plaintext_audio_files": self.plaintext_audio_files,
                "seconds": round(self.seconds, 1),
            }
        )


class Story:
    """Plays the two calls against a running instance."""

    def __init__(self, instance: Instance, made: DemoPractice, tell: Callable[[str], None]) -> None:
        self._instance = instance
        self._made = made
        self._tell = tell
        self._scratch = made.directory / "phones"
        self._spoken_s: dict[str, float] = {}
        self.outcome = Outcome()

    async def play(self) -> Outcome:
        """The whole story. Raises ClaimFailed or PhoneFailed at the first thing that is not so."""
        began = time.monotonic()
        voices = await self._record_voices()
        desk = self._phone("desk", PhoneAccount("desk-101", self._edge(), self._made.phone_password, auto_answer=True), voices["desk"])
        await desk.start()
        try:
            await desk.registered(10)
            self._tell("The front desk's phone (baresip) registered over TLS with a digest password.")
            await self._patient_reaches_the_desk(desk, voices)
            await self._patient_leaves_a_message(voices)
        finally:
            await desk.stop()
        message = (await self._instance.look.voicemails())[0]
        self.outcome.access = await show_access(self._instance, message, self._tell, self._claim)
        self.outcome.keys = await show_new_keys(self._instance, message, self._tell, self._claim)
        await self._check_what_is_kept(voices["message"])
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    # ---- the first patient -----------------------------------------------------------------------------

    async def _patient_reaches_the_desk(self, desk: BaresipPhone, voices: dict[str, Path]) -> None:
        self._tell("\nFirst patient: calls the practice, presses 1 and 1, wants the front desk.")
        patient = self._phone("patient-1", PhoneAccount(made_up.PATIENTS[0], self._edge()), voices["silence"])
        await patient.start()
        try:
            await patient.dial(self._practice_uri())
            await patient.wait_for("CALL_ESTABLISHED", 10)
            await self._steps_until("top")
            await asyncio.sleep(2.0)  # listen to the menu for a while, as people do, then interrupt it
            await patient.press("1")
            await self._steps_until("appointments")
            await asyncio.sleep(2.0)
            await patient.press("1")
            await desk.wait_for("CALL_ESTABLISHED", 15)
            await desk.speak(voices["desk"])
            await asyncio.sleep(self._spoken_s["desk"] + 0.8)
            await patient.speak(voices["patient"])
            await asyncio.sleep(self._spoken_s["patient"] + 0.8)
            await patient.hang_up()
            await desk.wait_for("CALL_CLOSED", 10)
        finally:
            await patient.stop()
        record = await self._record_of(1)
        await self._check_first_call(record, patient, desk)

    async def _check_first_call(self, record: CallRecord, patient: BaresipPhone, desk: BaresipPhone) -> None:
        heard = await self._transcribed(patient)
        self._claim(heard.contains(made_up.GREETING, 0.5), "the patient heard the greeting")
        self._claim(heard.contains(FRONT_DESK_SAYS, MAX_WER_ON_THE_LINE), "the patient heard the front desk")
        said = await self._transcribed(desk)
        self._claim(said.contains(PATIENT_SAYS, MAX_WER_ON_THE_LINE), "the front desk heard the patient")
        self._claim(record.disposition == "answered" and record.answered_by == "dana-reyes", "the front desk answered")
        self._claim(record.steps[:4] == ("greeting", "top", "appointments", "front"), "the call went through both menu levels")
        self._note_call(record)
        self._tell("  heard the greeting, pressed 1 at the first menu and 1 at the second;")
        self._tell("  the front desk answered; each heard what the other said (transcribed from both phones and compared).")
        self._tell_protection(record)

    # ---- the second patient ----------------------------------------------------------------------------

    async def _patient_leaves_a_message(self, voices: dict[str, Path]) -> None:
        self._tell("\nSecond patient: presses 2 and 2, leaves a message for the nurse.")
        patient = self._phone("patient-2", PhoneAccount(made_up.PATIENTS[1], self._edge()), voices["silence"])
        await patient.start()
        try:
            await patient.dial(self._practice_uri())
            await patient.wait_for("CALL_ESTABLISHED", 10)
            await self._steps_until("top")
            await patient.press("2")
            await self._steps_until("nurse")
            await patient.press("2")
            await self._steps_until("nurse_box")
            await self._recording_began()
            await patient.speak(voices["message"])
            await asyncio.sleep(self._spoken_s["message"] + 1.0)
            await patient.press("#")
            await patient.wait_for("CALL_CLOSED", 20)
        finally:
            await patient.stop()
        record = await self._record_of(2)
        self._claim(record.disposition == "voicemail", "the second call ended in voicemail")
        self._note_call(record)
        self._tell_protection(record)
        await self._check_voicemail()

    async def _check_voicemail(self) -> None:
        self._tell("  transcribing the message on this machine …")
        message, text = await self._transcript()
        wer = word_error_rate(MESSAGE, text)
        self.outcome.voicemail = {"spoken": MESSAGE, "transcript": text, "word_error_rate": round(wer, 3)}
        self._claim(wer <= MAX_WER_VOICEMAIL, f"the transcript is close to what was said (word error rate {wer:.2f})")
        self._tell(f"  said:        {MESSAGE}")
        self._tell(f"  transcribed: {text}")
        self._tell(f"  word error rate {wer:.0%}; {message.duration_s:.0f} s of audio, sealed while it was recorded.")

    async def _transcript(self) -> tuple[VoicemailMessage, str]:
        async with asyncio.timeout(90):
            while True:
                messages = await self._instance.look.voicemails()
                if messages and messages[0].transcript_state is not TranscriptState.WAITING:
                    break
                await self._instance.changed()
        self._claim(messages[0].transcript_state is TranscriptState.DONE, "the message was transcribed")
        transcript = await self._instance.look.transcript(messages[0].id)
        return messages[0], transcript.text if transcript else ""

    # ---- what remains ----------------------------------------------------------------------------------

    async def _check_what_is_kept(self, message: Path) -> None:
        self._tell("\nWhat is kept, and how:")
        report = await self._instance.verify_audit()
        self.outcome.audit = {"entries": report.entries, "verified": report.ok}
        self._claim(report.ok and report.entries > 0, "the audit log verifies from its export alone")
        self._tell(f"  audit log: {report.entries} entries, verified offline from an export (Merkle tree, signed checkpoint).")
        self.outcome.sealed_files = sorted(path.name for path in self._instance.blob_directory.glob("*.sealed"))
        self._claim(len(self.outcome.sealed_files) == 1, "one sealed audio file exists")
        private = [*made_up.PATIENTS, "Robin Carter"]
        found = await asyncio.to_thread(plaintext_audio_files, self._instance.data_directory, message, private)
        self.outcome.plaintext_audio_files = len(found)
        self._claim(not found, "no file of the practice holds readable audio, a caller's number or transcript text")
        self._tell(f"  sealed audio: {', '.join(self.outcome.sealed_files)}; files with readable audio, numbers or text: 0.")

    # ---- small parts -----------------------------------------------------------------------------------

    def _claim(self, true: bool, what: str) -> None:
        if not true:
            raise ClaimFailed(f"this run did not show that {what}")

    def _note_call(self, record: CallRecord) -> None:
        caller_leg = record.legs[0]
        self._claim(caller_leg.signalling == "TLS" and caller_leg.media == "SRTP", "the caller's leg used TLS and SRTP")
        self.outcome.calls.append(
            {
                "direction": record.direction.value,
                "steps": list(record.steps),
                "answered": record.answered_at is not None,
                "signalling": caller_leg.signalling,
                "media": caller_leg.media,
                "protection": record.protection.value,
            }
        )

    def _tell_protection(self, record: CallRecord) -> None:
        legs = "; ".join(f"{leg.signalling} + {leg.media}" for leg in record.legs)
        self._tell(f"  steps: {' → '.join(record.steps)}")
        self._tell(f"  protection of each leg: {legs}; the call as a whole: {record.protection.value}.")

    async def _record_of(self, count: int) -> CallRecord:
        async with asyncio.timeout(10):
            while len(records := await self._instance.look.calls()) < count:
                await self._instance.changed()
        return records[0]

    async def _steps_until(self, step: str) -> None:
        try:
            async with asyncio.timeout(30):
                while not any(call.step == step for call in self._instance.live_calls()):
                    await self._instance.changed()
        except TimeoutError:
            raise ClaimFailed(f"the call did not reach the step {step}") from None

    async def _recording_began(self) -> None:
        async with asyncio.timeout(30):
            while not list(self._instance.blob_directory.glob("*.part")):  # noqa: ASYNC110 - looks at the disk, as an auditor would
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)  # the beep

    async def _transcribed(self, phone: BaresipPhone) -> Heard:
        files = phone.heard()
        self._claim(bool(files), "the phone kept what it heard")
        return await hear_file(self._instance.transcriber, files[-1])

    async def _record_voices(self) -> dict[str, Path]:
        self._scratch.mkdir(parents=True, exist_ok=True)
        texts = {"patient": PATIENT_SAYS, "desk": FRONT_DESK_SAYS, "message": MESSAGE, "silence": ""}
        files = {name: self._scratch / f"{name}.wav" for name in texts}
        self._spoken_s = {name: await say_as_patient(text, files[name]) for name, text in texts.items()}
        return files

    def _phone(self, name: str, account: PhoneAccount, microphone: Path) -> BaresipPhone:
        port = next(made_up.free_ports())
        address = STAFF_ADDRESS if account.password else PATIENT_ADDRESS
        ca = self._instance.ca_certificate
        return BaresipPhone(self._scratch / name, account, ca=ca, microphone=microphone, control_port=port, address=address)

    def _edge(self) -> str:
        network = self._instance.settings.network
        return f"{network.host}:{network.tls_port}"

    def _practice_uri(self) -> str:
        return f"sip:{made_up.MAIN_NUMBER}@{self._edge()}"
