"""The demo's chapter on protection: who may read a message and why, and new keys for everything while the practice runs."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from auricle.access.subject import COMMAND_LINE
from auricle.app.demo import practice as made_up
from auricle.app.instance import Instance
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.ids import PersonId
from auricle.vault.errors import NotPermitted

FRONT_DESK, NURSE = PersonId(made_up.FRONT_DESK_PERSON), PersonId(made_up.NURSE_PERSON)
SEALED_ANEW_S = 30.0


async def show_access(
    instance: Instance, message: VoicemailMessage, tell: Callable[[str], None], claim: Callable[[bool, str], None]
) -> dict[str, Any]:
    """The same message asked for by two people."""
    tell("\nWho may read that message:")
    refusal = ""
    try:
        await instance.look.transcript_as(FRONT_DESK, message.id)
    except NotPermitted as error:
        refusal = error.reason
    claim(bool(refusal), "the front desk was refused the text of the nurse's message")
    transcript = await instance.look.transcript_as(NURSE, message.id)
    claim(transcript is not None and bool(transcript.words), "the nurse could read it")
    tell(f"  the front desk: refused. \u201c{refusal}\u201d")
    tell("  the nurse, whose mailbox it is: opened. Both are entries in the audit log, with the rule that decided.")
    return {"front_desk": refusal, "nurse": "opened"}


async def show_new_keys(
    instance: Instance, message: VoicemailMessage, tell: Callable[[str], None], claim: Callable[[bool, str], None]
) -> dict[str, Any]:
    """Every purpose gets a new key; what older ones sealed is sealed anew, and opens as before."""
    tell("\nNew keys for everything, while the practice runs:")
    before = await instance.look.transcript_as(NURSE, message.id)
    began = time.monotonic()
    await instance.keys.web.rotate(COMMAND_LINE, None)
    view = await instance.keys.web.view(COMMAND_LINE)
    async with asyncio.timeout(SEALED_ANEW_S):
        while view.job is None or view.job.state != "done" or any(purpose.records_behind for purpose in view.purposes):
            await instance.changed()
            view = await instance.keys.web.view(COMMAND_LINE)
    seconds, job = time.monotonic() - began, view.job
    after = await instance.look.transcript_as(NURSE, message.id)
    claim(all(purpose.epoch == 2 for purpose in view.purposes), "every purpose has a new key")
    claim(job.damaged == 0 and job.done == job.total and job.total > 0, "everything was sealed anew")
    claim(before is not None and after is not None and before.text == after.text, "the message still opens")
    tell(f"  {len(view.purposes)} purposes, {job.done} values sealed anew in {seconds:.1f} s; the message opens as before.")
    return {"purposes": len(view.purposes), "sealed_anew": job.done, "seconds": round(seconds, 1)}
