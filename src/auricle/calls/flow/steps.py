"""What each step does to the caller: one small function a step type. Each returns the name of the next step, None at the end."""

from auricle.calls import bridge, voicemail
from auricle.calls.call import Call
from auricle.calls.directory import Directory
from auricle.calls.flow.document import HangUp, LeaveVoicemail, Menu, Ring, Say
from auricle.calls.leg import Leg
from auricle.calls.records import Disposition
from auricle.kernel.ids import MailboxId


async def say(step: Say, call: Call, caller: Leg) -> str:
    """Speak, then go on."""
    await caller.answer()
    await caller.play(await call.ports.prompts.file_for(step.text), until_key=step.interruptible)
    return step.next


async def menu(step: Menu, call: Call, caller: Leg) -> str:
    """Speak the choices and follow the key; a wrong key or none is tried again, then `otherwise`."""
    await caller.answer()
    prompt = await call.ports.prompts.file_for(step.prompt)
    for _ in range(step.retries + 1):
        await caller.play(prompt, until_key=True)
        key = await caller.collect(count=1, timeout_s=step.timeout_s)
        if key in step.keys:
            return step.keys[key]
        if key:
            await caller.play(await call.ports.prompts.file_for(step.invalid), until_key=True)
    return step.otherwise


async def ring(step: Ring, call: Call, caller: Leg, directory: Directory) -> str | None:
    """Ring people and numbers; with an answer the call is theirs until somebody hangs up."""
    destinations = directory.of_people(step.people) + directory.of_numbers(step.numbers)
    answered = await bridge.ring(call, caller, destinations, step.timeout_s)
    if answered is None:
        return step.otherwise
    await bridge.talk(call, caller, answered)
    return None


async def take_message(step: LeaveVoicemail, call: Call, caller: Leg) -> str:
    """Greet, beep, record, keep."""
    await caller.answer()
    await voicemail.take_message(call, caller, call.practice.mailboxes[MailboxId(step.mailbox)])
    return step.next


async def hang_up(step: HangUp, call: Call, caller: Leg) -> None:
    """Say the last words and end the call."""
    if step.text:
        await caller.answer()
        await caller.play(await call.ports.prompts.file_for(step.text))
    if call.disposition is Disposition.ABANDONED:
        call.disposition = Disposition.COMPLETED
    if caller.answered:
        caller.hang_up()
    else:
        caller.refuse(480)
