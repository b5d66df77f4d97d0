"""One running practice: everything joined by keyword, started in the order it is needed, stopped in the other."""

import asyncio
import gc
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import structlog

from auricle.access.throttle import Throttle
from auricle.adapters.blobs import FileBlobs
from auricle.adapters.certificates import Certificates, ensure_demo_ca
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.kamailio import Edge, EdgeSettings
from auricle.adapters.keys import Keys
from auricle.adapters.loop import AsyncLoop
from auricle.adapters.passwords import Passwords
from auricle.adapters.process import ServiceState
from auricle.adapters.rtpengine import EngineSettings, RtpEngine
from auricle.adapters.sipnet import Identity, SipEndpoint
from auricle.adapters.speech import PromptRenderer, Transcriber
from auricle.adapters.store import Store
from auricle.app.access_parts import AccessParts
from auricle.app.audit_parts import AuditParts
from auricle.app.authority_watch import AuthorityWatch
from auricle.app.board import AccessChanged, Board
from auricle.app.call_store import AnnouncingStore
from auricle.app.compliance import ComplianceParts, World
from auricle.app.console import ConsoleServer
from auricle.app.damage import DamageReports
from auricle.app.database import database_of
from auricle.app.identity.service import IdentityService
from auricle.app.key_parts import KeyParts, key_files
from auricle.app.look import Look
from auricle.app.name_index import NameIndex
from auricle.app.settings import Settings, SettingsWrong, load_flows, load_settings, practice_of
from auricle.app.sign_in import other_ways_in, public_origin
from auricle.app.transcription import TranscriptionQueue
from auricle.audit.verify import Report
from auricle.calls.call import CallPorts
from auricle.calls.directory import Directory
from auricle.calls.flow.document import FlowDocument, HangUp, Menu, Say
from auricle.calls.live import LiveCall
from auricle.calls.phones import PhoneGuard
from auricle.calls.registrar import Registrar
from auricle.calls.switchboard import Switchboard
from auricle.calls.voicemail import NO_ROOM, NOT_AGREED, THANKS
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import FlowId, PersonId
from auricle.practice.model import Practice
from auricle.sip.digest import DigestVerifier
from auricle.sip.registration import Registrations
from auricle.vault.fields import Fields
from auricle.vault.gate import Grant, Ref

log = structlog.get_logger(__name__)
STARTER = Actor(ActorKind.SERVICE, "switchboard", frozenset({"switchboard"}))
CHANGE_POLL_S = 0.5
GC_THRESHOLD = (50_000, 50, 100)  # calls leave few cycles; the default walks all transactions every 700 allocations


class Instance:
    """A practice's phone system."""

    def __init__(self, settings_file: Path, passphrase: str | None) -> None:
        self.settings = load_settings(settings_file)
        base = self._base = settings_file.parent
        self.practice = practice_of(self.settings)
        self._flows = load_flows(self.settings, base, self.practice)
        self.data_directory = (base / self.settings.data.directory).resolve()
        self.blob_directory = self.data_directory / "blobs"
        self._cache = base / "cache"
        self._clock, self._entropy, self._loop, self.board = SystemClock(), SystemEntropy(), AsyncLoop(), Board()
        files = key_files(self.settings.keys, base, self.data_directory, self._entropy, self._clock)
        self.keys = KeyParts(files, passphrase, self.settings.keys, self.data_directory, self._clock, self._entropy)
        self._stops = AsyncExitStack()
        self._open_data()
        self._make_media()
        self._make_signalling()
        self.look = Look(self._store, self._gate, self.practice, self.access.sight, self._clock)

    # ---- life ----------------------------------------------------------------------------------------

    async def start(self, *, console: bool = True) -> None:
        """Start everything. Raises MissingProgram or StartFailed naming what to install; nothing is left running then."""
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        try:
            await self._start_parts(console=console)
        except BaseException:
            await self.stop()
            raise
        log.info("practice_up", people=len(self.practice.people), numbers=len(self.practice.numbers))

    async def _start_parts(self, *, console: bool) -> None:
        await self.keys.start(self.blob_directory)
        await self.authority.step()
        await self._recover()
        self._stops.push_async_callback(self._engine.stop)
        self._stops.push_async_callback(self._edge.stop)
        await asyncio.gather(self._engine.start(), self._edge.start(), self._render_prompts())
        await self.identity.restore()
        await self._sip.start(self._switchboard)
        self._stops.push_async_callback(self._sip.stop)
        self._stops.push_async_callback(self._loop.stop)
        self._loop.spawn("people watch", self.identity.watch.run())
        self._loop.spawn("authority", self.authority.run())
        self._loop.spawn("access-ends", self.access.ends.run())
        self._loop.spawn("damage-reports", self._damage.run())
        self._loop.spawn("audit-alerts", self.audit.alerts.run())
        self._loop.spawn("audit-anchors", self.audit.anchors.run())
        if self.settings.speech.transcribe:
            self._stops.push_async_callback(self.transcriber.stop)
            self._loop.spawn("transcription", self._queue.run())
        self._loop.spawn("keeper", self.compliance.keeper.run())
        self._loop.spawn("name-index", NameIndex(self._store, self._gate).run())
        for name, work in self.keys.jobs():
            self._loop.spawn(name, work)
        if console:
            await self._console.start()
            self._stops.push_async_callback(self._console.stop)

    async def stop(self) -> None:
        """End the console, calls, the parts, then the store. Idempotent."""
        await self._stops.aclose()

    def parts(self) -> dict[str, int]:
        """Process ids of the supervised parts."""
        return {name: pid for name, pid in (("kamailio", self._edge.pid), ("rtpengine", self._engine.pid)) if pid is not None}

    # ---- looking at it -------------------------------------------------------------------------------

    @property
    def ca_certificate(self) -> Path:
        """The authority phones must trust."""
        return self._certificates.ca

    @property
    def console_url(self) -> str:
        """Where the console is."""
        return f"{public_origin(self.settings)}/"

    @property
    def development_keys(self) -> bool:
        """Whether the keys lie unprotected beside the data."""
        return self.keys.keeper.development

    def live_calls(self) -> Sequence[LiveCall]:
        """Running calls."""
        return self.board.calls()

    async def changed(self) -> None:
        """Return at the next change, or after half a second."""
        await self.board.wait(CHANGE_POLL_S)

    async def media_legs(self) -> int:
        """How many legs rtpengine holds."""
        return await self._engine.calls()

    async def verify_audit(self) -> Report:
        """Export the audit log and verify the export alone."""
        return await self.audit.verify()

    async def add_account(self, username: str, person: str, password: str) -> None:
        """Make a console account. Raises BadPassword, or SettingsWrong for a person the settings do not have."""
        await self.identity.users.add(username, person, password)

    # ---- making it -----------------------------------------------------------------------------------

    def _open_data(self) -> None:
        keys: Keys = self.keys.keys
        fields = Fields(keys.keyring, self._entropy, self.practice.realm, self.keys.records)
        origin = f"{self.practice.realm}/audit"
        database = database_of(self.settings.data, self._base, self.data_directory)
        self._store = Store(database, keys.keyring, fields, keys.signing, origin, self._clock)
        self._stops.callback(self._store.close)
        min_free = self.settings.data.min_free_mb * 1_000_000
        self._damage = DamageReports(self._store)
        self._blobs = FileBlobs(self.blob_directory, self.keys.records, self._entropy, min_free, on_damage=self._damage.report)
        self._stops.callback(self._blobs.close)
        world = World(self.settings, self.practice, self._store, self._clock, self._entropy)
        self.compliance = ComplianceParts(world)
        self.policies = self.compliance.policies
        self.compliance.complete(self._blobs)
        self._gate = self.compliance.gate
        self.keys.complete(self._store, self._gate, self.board)
        self._passwords = Passwords()
        self.identity = IdentityService(
            store=self._store,
            gate=self._gate,
            policies=self.policies,
            practice=self.practice,
            passwords=self._passwords,
            clock=self._clock,
            entropy=self._entropy,
            idle=timedelta(seconds=self.settings.data.session_idle_s),
            second_factor_required=self.settings.access.second_factor == "required",
            access_changed=lambda: self.board.publish(AccessChanged()),
        )
        self.authority = AuthorityWatch(self._store, self.identity.watch)
        self.access = AccessParts(
            store=self._store,
            gate=self._gate,
            policies=self.policies,
            practice=self.practice,
            board=self.board,
            clock=self._clock,
            entropy=self._entropy,
        )
        self._passkeys, self._sso = other_ways_in(
            self.settings, self._base, self._store, self.practice, self.identity, self._clock, self._entropy
        )
        self._stops.push_async_callback(self._sso.stop)
        self.audit = AuditParts(
            settings=self.settings,
            base=self._base,
            practice=self.practice,
            store=self._store,
            gate=self._gate,
            board=self.board,
            clock=self._clock,
        )

    def _make_media(self) -> None:
        network, speech = self.settings.network, self.settings.speech
        engine = EngineSettings(network.listen, network.ng_port, network.rtp_port_min, network.rtp_port_max)
        self._engine = RtpEngine(engine, self._on_service)
        self._prompts = PromptRenderer(prompt_cache(), self.data_directory / "recorded-prompts")
        self.transcriber = Transcriber(model_cache(), speech.language, speech.model_directory)
        self._queue = TranscriptionQueue(self._store, self._blobs, self._gate, self.transcriber, self.board, self.compliance.agreements)

    def _make_signalling(self) -> None:
        network = self.settings.network
        self._certificates = self._certificate_files()
        self._edge = Edge(self._edge_settings(), self._on_service)
        contacts = {"TLS": f"{network.host}:{network.tls_port};transport=tls", "WSS": f"{network.host}:{network.wss_port};transport=ws"}
        contacts |= {"UDP": f"{network.host}:{network.udp_port};transport=udp", "TCP": f"{network.host}:{network.tcp_port};transport=tcp"}
        self._sip = SipEndpoint(
            bind=("127.0.0.1", network.app_port),
            edge=("127.0.0.1", network.edge_port),
            identity=Identity(self.practice.realm, contacts),
            clock=self._clock,
            entropy=self._entropy,
        )
        self._registrations = Registrations()
        store = AnnouncingStore(self._store, self.board, self._queue)
        ports = CallPorts(
            sip=self._sip,
            media=self._engine,
            prompts=self._prompts,
            recordings=self._blobs,
            store=store,
            observer=self.board,
            loop=self._loop,
            clock=self._clock,
            entropy=self._entropy,
            agreements=self.compliance.agreements,
        )
        directory = Directory(self.practice, self._registrations, self._clock)
        verifier = DigestVerifier(self._entropy.token(32), self.practice.realm)
        guard = PhoneGuard(self.practice, verifier, Throttle(), self._clock, self.identity.watch.terminated)
        registrar = Registrar(self._registrations, guard, self._store, self._store, self._loop, self._clock)
        self._switchboard = Switchboard(self.practice, self._flows, ports, directory, guard, registrar)
        self.identity.watch.listen(self._end_calls_of)
        self._console = ConsoleServer(
            store=self._store,
            blobs=self._blobs,
            gate=self._gate,
            access=self.access,
            practice=self.practice,
            board=self.board,
            identity=self.identity,
            passkeys=self._passkeys,
            sso=self._sso,
            certificates=self._certificates,
            host=network.listen,
            port=network.console_port,
            keys=self.keys,
            anchors=self.audit.anchors,
            thresholds=self.audit.thresholds,
            compliance=self.compliance.web,
        )

    def _certificate_files(self) -> Certificates:
        network = self.settings.network
        if network.certificate:
            return Certificates(Path(network.certificate), Path(network.certificate), Path(network.private_key))
        hosts = list(dict.fromkeys([network.host, network.listen, "localhost"]))
        return ensure_demo_ca(self.data_directory / "certificates", hosts, self._clock.now())

    def _edge_settings(self) -> EdgeSettings:
        network = self.settings.network
        return EdgeSettings(
            listen_ip=network.listen,
            tls_port=network.tls_port,
            wss_port=network.wss_port,
            udp_port=network.udp_port,
            tcp_port=network.tcp_port,
            internal_port=network.edge_port,
            app_port=network.app_port,
            certificate=self._certificates.certificate,
            private_key=self._certificates.private_key,
            trunks=tuple(self.practice.trunks.values()),
            workers=network.edge_workers,
        )

    async def _recover(self) -> None:
        """Take up what the last run left: recordings a crash cut off, and where phones are registered."""
        await self.compliance.start()
        await self._store.recover_voicemails(await self._blobs.recover())
        for message in await self._store.unfinished_voicemails():  # the crash came between the audio's end and its entry
            seconds = await self._blobs.kept_s(message)
            if seconds:
                await self._store.recover_voicemails([(message, seconds)])
            else:
                await self._store.discard_voicemail(message)

        async def load(grant: Grant) -> None:
            self._registrations.restore(await self._store.load_bindings(grant))

        await self._gate.open(STARTER, "registrations.restore", Ref("binding", "*"), "start", load)

    async def _render_prompts(self) -> None:
        """Speak every text a caller can meet before the first caller does."""
        greetings = [box.greeting for box in self.practice.mailboxes.values()]
        texts = [*texts_of(self._flows), *greetings, *([NO_ROOM, NOT_AGREED, THANKS] if greetings else [])]
        await self._prompts.render_all(texts)

    def _end_calls_of(self, person: PersonId | None) -> None:
        if person is not None:
            self._switchboard.end_access(person, self._store)

    def _on_service(self, name: str, state: ServiceState) -> None:
        self.board.service(name, state.value)


def texts_of(flows: dict[FlowId, FlowDocument]) -> list[str]:
    """Every text the flows speak."""
    texts: list[str] = []
    for flow in flows.values():
        for step in flow.steps.values():
            match step:
                case Say(text=text) | HangUp(text=text):
                    texts.append(text)
                case Menu(prompt=prompt, invalid=invalid):
                    texts += [prompt, invalid]
                case _:
                    continue
    return [text for text in texts if text]


def model_cache() -> Path:
    """Where the recogniser's model is assembled: one copy for all practices of this account."""
    return Path.home() / ".cache" / "auricle" / "models"


def prompt_cache() -> Path:
    """Where rendered prompts are: no secrets, and the media process, which is somebody else, must be able to read them."""
    path = Path(f"/var/tmp/auricle-prompts-{os.getuid()}")  # noqa: S108 - its owner is checked
    path.mkdir(mode=0o755, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise SettingsWrong(f"{path} belongs to somebody else: remove it")
    return path


def create_keys(settings_file: Path, passphrase: str | None) -> str:
    """Make a practice's keys, held by its provider; returns the audit log's public key."""
    from auricle.audit.checkpoint import vkey

    settings: Settings = load_settings(settings_file)
    practice: Practice = practice_of(settings)
    base = settings_file.parent
    files = key_files(settings.keys, base, (base / settings.data.directory).resolve(), SystemEntropy(), SystemClock())
    keys = files.create(passphrase)
    return vkey(f"{practice.realm}/audit", keys.signing.public_key())
