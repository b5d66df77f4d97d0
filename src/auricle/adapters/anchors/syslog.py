"""Checkpoints as syslog messages (RFC 5424) over TLS with octet counting (RFC 5425 4.3.1); the server's certificate is verified.

Syslog has no acknowledgement: we know only that the server took the bytes and closed the TLS connection in order. Keep another anchor too.
"""

import asyncio
import socket
import ssl
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

from auricle.adapters.anchors.errors import AnchorFailed
from auricle.adapters.anchors.port import NOTHING, Prove, Receipt
from auricle.kernel.time import Clock

TIMEOUT_S = 15.0
PRIORITY = 13 * 8 + 5  # RFC 5424 6.2.1: facility 13 (log audit), severity 5 (notice)
APP, MESSAGE_ID = "auricle", "checkpoint"
SD_ID = "auricle@32473"  # RFC 5612: the enterprise number for examples, as we have none of our own


class SyslogAnchor:
    """Fits `port.Anchor`. `ca` empty trusts the system's authorities; a client certificate is optional."""

    kind = "syslog"

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        clock: Clock,
        *,
        ca: str = "",
        server_name: str = "",
        certificate: str = "",
        private_key: str = "",
    ) -> None:
        self.name = name
        self._host = host
        self._port = port
        self._clock = clock
        self._server_name = server_name or host
        self._ca = ca
        self._certificate = certificate
        self._private_key = private_key

    async def keep(self, size: int, note: str, prove: Prove) -> Receipt:
        """Send one message on a connection of its own and close it in order. Raises AnchorFailed."""
        del prove
        data = framed(message(self._clock.now(), socket.gethostname(), size, note))
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._send(data)
        except ssl.SSLCertVerificationError as error:
            raise AnchorFailed("certificate") from error
        except (OSError, TimeoutError) as error:
            raise AnchorFailed("unreachable") from error
        return NOTHING

    async def _send(self, data: bytes) -> None:
        context = await asyncio.to_thread(self._context)
        _, writer = await asyncio.open_connection(self._host, self._port, ssl=context, server_hostname=self._server_name)
        try:
            writer.write(data)
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()  # close_notify both ways: everything before it was read (RFC 8446 6.1)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._certificate:
            context.load_cert_chain(Path(self._certificate), Path(self._private_key) if self._private_key else None)
        return context


def message(at: datetime, host: str, size: int, note: str) -> bytes:
    """The RFC 5424 message. The note stands in it in base64, since collectors change line ends."""
    origin, _, root = note.split("\n")[:3]
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    params = {"origin": origin, "size": str(size), "root": root, "note": b64encode(note.encode()).decode()}
    data = " ".join(f'{name}="{_param(value)}"' for name, value in params.items())
    text = f"<{PRIORITY}>1 {stamp} {_token(host)} {APP} - {MESSAGE_ID} [{SD_ID} {data}] audit log of {size} entries"
    return text.encode()


def framed(data: bytes) -> bytes:
    """With its length in front (RFC 5425 4.3.1)."""
    return b"%d %b" % (len(data), data)


def _param(value: str) -> str:
    """RFC 5424 6.3.3: these three are escaped."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _token(text: str) -> str:
    """RFC 5424 6: printable ASCII, at most 255 characters, `-` for nothing."""
    return "".join(character for character in text if "!" <= character <= "~")[:255] or "-"
