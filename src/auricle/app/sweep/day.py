"""A day in the practice with two patients and a nurse, everything private in it a canary; the practice runs as its own program."""

import asyncio
import os
import resource
import secrets
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auricle.adapters.speech import say_as_patient
from auricle.app.demo import practice as made_up
from auricle.app.demo.phone import BaresipPhone, PhoneAccount
from auricle.app.settings import Settings, load_settings
from auricle.app.sweep.canaries import Canaries
from auricle.app.sweep.staff import Staff
from auricle.kernel.errors import OurError

UP_S, STEP_S, TRANSCRIPT_S, STOP_S = 90.0, 40.0, 120.0, 30.0
POLL_S = 0.1
NURSE, OFFICER = "noor.haddad", "dana.reyes"
SILENCE, TALK, MESSAGE = "silence", "talk", "message"


class DayFailed(OurError):
    """The day did not go as it should, so that nothing can be said of what it left."""

    code = "sweep.day_failed"


class Day:
    """`outside` is where the phones, the passphrase and the patients' voices are: not the practice's."""

    def __init__(self, practice: Path, outside: Path, canaries: Canaries, tell: Callable[[str], None]) -> None:
        self._outside = outside
        self._canaries = canaries
        self._tell = tell
        self._made = made_up.make_demo_practice(practice, 0)
        self._directory = practice
        self._process: asyncio.subprocess.Process | None = None
        self.settings: Settings = load_settings(self._made.settings)
        self.secrets = {
            "passphrase": secrets.token_urlsafe(24),
            "console password": secrets.token_urlsafe(18),
            "wrong password": secrets.token_urlsafe(18),
            "phone password": self._made.phone_password,
        }
        self.transcript = ""
        self._spoken_s: dict[str, float] = {}

    @property
    def pid(self) -> int:
        """The practice's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def recording(self) -> Path:
        """The message as the patient spoke it."""
        return self._outside / f"{MESSAGE}.wav"

    @property
    def talk(self) -> Path:
        """What the other patient said to the front desk."""
        return self._outside / f"{TALK}.wav"

    async def open(self) -> None:
        """Record the voices, make keys and an account, start the practice. Raises DayFailed."""
        (self._outside / "passphrase").write_text(self.secrets["passphrase"] + "\n")
        texts = {TALK: self._canaries.talk, MESSAGE: self._canaries.message, SILENCE: ""}
        self._spoken_s = {name: await say_as_patient(text, self._outside / f"{name}.wav") for name, text in texts.items()}
        await self._auricle("keys", "create", "-s", str(self._made.settings))
        password = {"AURICLE_NEW_PASSWORD": self.secrets["console password"]}
        for username, person in ((NURSE, "noor-haddad"), (OFFICER, "dana-reyes")):
            await self._auricle("user", "add", username, "-s", str(self._made.settings), "--person", person, extra=password)
        await self._start()

    async def live(self) -> None:
        """The calls, and what the nurse does afterwards. Raises DayFailed, PhoneFailed or StaffFailed."""
        staff = await asyncio.to_thread(self._signed_in)
        desk = self._phone("desk", PhoneAccount("desk-101", self._edge(), self._made.phone_password, auto_answer=True))
        await desk.start()
        try:
            await desk.registered(10)
            await self._talk_to_the_desk(desk, staff)
            await self._leave_a_message(staff)
        finally:
            await desk.stop()
        await self._nurse_reads(staff)
        await asyncio.to_thread(self._officer_looks_after_things)
        await self._auricle("keys", "rotate", "-s", str(self._made.settings))
        await self._auricle("user", "list", "-s", str(self._made.settings))

    async def close(self) -> None:
        """Stop the practice as an operator would. Raises DayFailed where it does not end by itself."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise DayFailed("the practice did not stop when it was told to") from None

    # ---- the calls -------------------------------------------------------------------------------------

    async def _talk_to_the_desk(self, desk: BaresipPhone, staff: Staff) -> None:
        self._tell("A patient calls, presses keys, talks to the front desk …")
        patient = self._phone("patient-1", PhoneAccount(self._canaries.caller, self._edge(), name=self._canaries.name))
        await patient.start()
        try:
            await patient.dial(self._number())
            await self._at_step(staff, "top")
            await patient.press("1")
            await self._at_step(staff, "appointments")
            await patient.press("1")
            await desk.wait_for("CALL_ESTABLISHED", 15)
            await patient.speak(self.talk)
            await asyncio.sleep(self._spoken_s[TALK])
            await patient.press(self._canaries.digits)
            await patient.hang_up()
            await desk.wait_for("CALL_CLOSED", 10)
        finally:
            await patient.stop()

    async def _leave_a_message(self, staff: Staff) -> None:
        self._tell("Another leaves a message …")
        patient = self._phone("patient-2", PhoneAccount(self._canaries.second_caller, self._edge(), name=self._canaries.name))
        await patient.start()
        try:
            await patient.dial(self._number())
            await self._at_step(staff, "top")
            await patient.press("2")
            await self._at_step(staff, "nurse")
            await patient.press("2")
            await self._at_step(staff, "nurse_box")
            await self._recording_began()
            await patient.speak(self.recording)
            await asyncio.sleep(self._spoken_s[MESSAGE] + 1.0)
            await patient.press("#")
            await patient.wait_for("CALL_CLOSED", 20)
        finally:
            await patient.stop()

    async def _recording_began(self) -> None:
        async with asyncio.timeout(STEP_S):
            while not list(self._directory.rglob("blobs/*.part")):  # noqa: ASYNC110 - looks at the disk from outside
                await asyncio.sleep(POLL_S)
        await asyncio.sleep(1.0)  # the beep

    # ---- the console -----------------------------------------------------------------------------------

    def _signed_in(self, username: str = NURSE) -> Staff:
        staff = self._staff()
        staff.ask("POST", "/session", {"username": username, "password": self.secrets["wrong password"]})
        staff.post("/session", {"username": username, "password": self.secrets["console password"]})
        self.secrets[f"session of {username}"] = staff.token
        return staff

    async def _nurse_reads(self, staff: Staff) -> None:
        """Everything that shows something private, and some things that are wrong."""
        self._tell("The nurse reads, listens, looks people up …")
        async with asyncio.timeout(TRANSCRIPT_S):
            while (message := await asyncio.to_thread(self._newest_message, staff))["transcript_state"] == "waiting":  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(POLL_S)
        found = await asyncio.to_thread(staff.get, f"/voicemails/{message['id']}/transcript")
        self.transcript = " ".join(word["text"] for word in found["words"])
        if message["transcript_state"] != "done" or not self.transcript:
            raise DayFailed("the message was not transcribed")
        for path in (f"/voicemails/{message['id']}/audio", "/calls", "/calls/live"):
            await asyncio.to_thread(staff.get, path)
        await asyncio.to_thread(self._asks_for_what_is_not_there, staff)
        await asyncio.to_thread(staff.post, f"/voicemails/{message['id']}/listened", {})

    def _asks_for_what_is_not_there(self, staff: Staff) -> None:
        """A careless client puts private things where logs might pick them up."""
        number, name = self._canaries.caller, self._canaries.name.replace(" ", "%20")
        for path in (f"/calls?before={number[1:]}", f"/patients/{name}", f"/voicemails/{number}/transcript", f"/calls?limit={number}"):
            staff.ask("GET", path)
        staff.ask("POST", "/session", {"username": self._canaries.name, "password": self.secrets["wrong password"]})
        staff.ask("POST", "/session", {"note": self._canaries.note})
        self.secrets["secret of an authenticator"] = staff.post("/me/totp", {})["secret"]
        staff.post("/break-glass", {"reason": self._canaries.note, "minutes": 5})

    def _officer_looks_after_things(self) -> None:
        """Whatever asks for a number, a name or a reason."""
        self._tell("The privacy officer marks, holds, grants, reports …")
        officer, number, note = self._signed_in(OFFICER), self._canaries.caller, self._canaries.note
        officer.post("/session/step-up", {"password": self.secrets["console password"]})
        self.secrets["session after a step-up"] = officer.token
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        officer.post("/access/patients", {"number": number, "label": self._canaries.name, "restricted": True, "people": ["noor-haddad"]})
        officer.post("/holds", {"name": "case 7", "reason": note, "number": number})
        grant = {"person": "noor-haddad", "action": "calls.list", "kind": "any", "until": until, "reason": note}
        officer.post("/access/grants", grant)
        if not officer.post("/audit/patient-report", {"number": self._canaries.second_caller})["looks"]:
            raise DayFailed("the report does not know who looked at the patient")
        for path in ("/calls", "/audit", "/audit/export?format=fhir", "/alerts", "/break-glass", "/holds", "/people", "/keys"):
            officer.get(path)
        emergency = officer.get("/break-glass")["entries"][0]["id"]
        officer.post(f"/break-glass/{emergency}/review", {"verdict": "justified", "note": note})

    def _newest_message(self, staff: Staff) -> dict[str, Any]:
        messages = staff.get("/voicemails")["messages"]
        if not messages:
            raise DayFailed("the message is not in the nurse's list")
        return dict(messages[0])

    async def _at_step(self, staff: Staff, step: str) -> None:
        try:
            async with asyncio.timeout(STEP_S):
                while step not in await asyncio.to_thread(_steps, staff):  # noqa: ASYNC110 - over HTTP
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise DayFailed(f"the call did not reach the step {step}") from None

    def _staff(self) -> Staff:
        network = self.settings.network
        return Staff("127.0.0.1", network.console_port, self._ca())

    # ---- the program -----------------------------------------------------------------------------------

    async def _start(self) -> None:
        parts = self._directory / "parts.json"
        with (self._directory / "serve.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_with_core_dumps(),
                *self._command("serve", str(self._made.settings), "--parts", str(parts), "--log-level", "DEBUG"),
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(UP_S):
            while not parts.exists():
                if self._process.returncode is not None:
                    raise DayFailed(f"the practice did not start: {self._last_words()}")
                await asyncio.sleep(POLL_S)

    def _last_words(self) -> str:
        """What the program said last; its errors are one line that says what to do."""
        lines = (self._directory / "serve.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _auricle(self, *arguments: str, extra: dict[str, str] | None = None) -> None:
        with (self._directory / "commands.log").open("ab") as log:
            environment = self._environment() | (extra or {})
            process = await asyncio.create_subprocess_exec(*self._command(*arguments), env=environment, stdout=log, stderr=log)
        if await process.wait():
            raise DayFailed(f"auricle {' '.join(arguments[:2])} failed; see {self._directory / 'commands.log'}")

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "auricle", *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "AURICLE_PASSPHRASE_FILE": str(self._outside / "passphrase")}

    def _phone(self, name: str, account: PhoneAccount) -> BaresipPhone:
        port = next(made_up.free_ports())
        silence = self._outside / f"{SILENCE}.wav"
        return BaresipPhone(self._outside / name, account, ca=self._ca(), microphone=silence, control_port=port, address="127.0.0.1")

    def _ca(self) -> Path:
        return self._directory / "data" / "certificates" / "ca.pem"

    def _edge(self) -> str:
        return f"127.0.0.1:{self.settings.network.tls_port}"

    def _number(self) -> str:
        return f"sip:{made_up.MAIN_NUMBER}@{self._edge()}"


def _steps(staff: Staff) -> list[str]:
    """Where the running calls are."""
    return [call["step"] for call in staff.get("/calls/live")["calls"]]


def _with_core_dumps() -> list[str]:
    """Start it as a careless system would, with all the dumps it may make: it must forbid them by itself."""
    prlimit, (_, most) = shutil.which("prlimit"), resource.getrlimit(resource.RLIMIT_CORE)
    limit = "unlimited" if most == resource.RLIM_INFINITY else str(most)
    return [prlimit, f"--core={limit}:{limit}"] if prlimit else []
