"""The console's HTTPS server, in the loop of the calls."""

import asyncio

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.certificates import Certificates
from auricle.adapters.store import Store
from auricle.app.access_parts import AccessParts
from auricle.app.audit_anchors import AnchorWatch
from auricle.app.board import Board
from auricle.app.identity.service import IdentityService
from auricle.app.key_parts import KeyParts
from auricle.app.route_access import WebAccess
from auricle.app.web_alerts import WebAlerts
from auricle.app.web_audit import WebAudit
from auricle.app.web_passkeys import WebPasskeys
from auricle.app.web_services import WebCalls, WebSystem, WebVoicemails, watching
from auricle.app.web_sso import WebSso
from auricle.audit.rules import Thresholds
from auricle.kernel.errors import OurError
from auricle.practice.model import Practice
from auricle.vault.gate import Gate
from auricle.web.app import create_app
from auricle.web.compliance.ports import Compliance
from auricle.web.ports import WebPorts
from auricle.web.server import server

START_POLL_S = 0.02


class ConsoleFailed(OurError):
    """The console could not listen on its port."""

    code = "console.failed"


class ConsoleServer:
    """Made once, started and stopped."""

    def __init__(  # noqa: PLR0913 - joined by keyword in one place, app/instance.py
        self,
        *,
        store: Store,
        blobs: FileBlobs,
        gate: Gate,
        access: AccessParts,
        practice: Practice,
        board: Board,
        identity: IdentityService,
        passkeys: WebPasskeys,
        sso: WebSso,
        certificates: Certificates,
        host: str,
        port: int,
        keys: KeyParts,
        anchors: AnchorWatch,
        thresholds: Thresholds,
        compliance: Compliance,
    ) -> None:
        self.port = port
        ports = WebPorts(
            practice=practice,
            sessions=identity.sessions,
            me=identity.me,
            people=identity.people,
            api_keys=identity.api_keys,
            scim=identity.scim,
            passkeys=passkeys,
            sso=sso,
            access=WebAccess(access.policies, store),
            calls=WebCalls(store, gate, board, access.sight),
            voicemails=WebVoicemails(store, blobs, gate, board, access.sight),
            access_admin=access.admin,
            break_glass=access.break_glass,
            audit=WebAudit(store, gate, practice, anchors),
            alerts=WebAlerts(store, gate, thresholds),
            system=WebSystem(board, keys.keeper),
            watch=watching(board, keys.changed),
            compliance=compliance,
            keys=keys.web,
        )
        self.app = create_app(ports)
        self._server = server(self.app, host, port, certificates.certificate, certificates.private_key)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises ConsoleFailed when the port is taken."""
        self._serving = asyncio.ensure_future(self._serve())
        while not self._server.started:
            if self._serving.done():
                raise ConsoleFailed(f"the console cannot listen on port {self.port}: is another using it? Set network.console_port")
            await asyncio.sleep(START_POLL_S)

    async def stop(self) -> None:
        """Answer what is running, then close."""
        if self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
            self._serving = None

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:
            return  # uvicorn's way to say that the port is taken
