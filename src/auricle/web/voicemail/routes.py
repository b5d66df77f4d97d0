"""Messages: the list, the text, the sound, and that they were heard."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Path, Response

from auricle.access.model import Action
from auricle.kernel.ids import VoicemailId
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn
from auricle.web.voicemail.schemas import TranscriptView, Voicemails, transcript_view, voicemail_view
from auricle.web.voicemail.wav import byte_range, read_wav, wav_size

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/voicemails", tags=["voicemail"])
MessageId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
DAMAGED = "X-Auricle-Damaged-Seconds"


@router.get("")
async def voicemails(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.VOICEMAIL_LIST))]) -> Voicemails:
    """Messages, newest first."""
    messages = await ports.voicemails.messages(me.actor)
    return Voicemails(messages=[voicemail_view(ports.practice, message) for message in messages])


@router.get("/{message}/transcript")
async def transcript(message: MessageId, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.VOICEMAIL_READ))]) -> TranscriptView:
    """The text of a message."""
    return transcript_view(await ports.voicemails.transcript(me.actor, VoicemailId(message)))


@router.get(
    "/{message}/audio", response_class=Response, responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}}
)
async def audio(
    message: MessageId,
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.VOICEMAIL_PLAY))],
    wanted: Annotated[str | None, Header(alias="range", max_length=200)] = None,
) -> Response:
    """The sound of a message as WAV; ranges are served, and damaged seconds are silent and named in a header."""
    reader = await ports.voicemails.audio(me.actor, VoicemailId(message))
    total = wav_size(reader.size)
    part = byte_range(wanted, total)
    start, end = part or (0, total)
    found = await read_wav(reader, start, end)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-store", "Content-Disposition": "inline"}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    if found.damaged:
        log.error("voicemail_damaged", voicemail=message, seconds=len(found.damaged))
        headers[DAMAGED] = ",".join(str(second) for second in found.damaged)
    return Response(found.data, 206 if part else 200, headers, "audio/wav")


@router.post("/{message}/listened", status_code=204)
async def mark_listened(message: MessageId, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.VOICEMAIL_MARK))]) -> None:
    """Note that a message was heard."""
    await ports.voicemails.mark_listened(me.actor, VoicemailId(message))
