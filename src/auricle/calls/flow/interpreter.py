"""The loop that leads a caller through a flow, one step after the other."""

from typing import assert_never

from auricle.calls.call import Call
from auricle.calls.directory import Directory
from auricle.calls.flow import steps
from auricle.calls.flow.document import AnyStep, FlowDocument, HangUp, LeaveVoicemail, Menu, Ring, Say
from auricle.calls.leg import Leg

MAX_STEPS_A_CALL = 200  # no caller walks this far through a sensible flow; past it the flow is a circle


async def run_flow(flow: FlowDocument, call: Call, caller: Leg, directory: Directory) -> None:
    """Lead the caller from the start to an end. Raises LegEnded when the caller hangs up on the way."""
    name: str | None = flow.start
    for _ in range(MAX_STEPS_A_CALL):
        if name is None or not caller.live:
            return
        call.enter(name)
        name = await run_step(flow.steps[name], call, caller, directory)
    caller.hang_up()


async def run_step(step: AnyStep, call: Call, caller: Leg, directory: Directory) -> str | None:
    """Do one step; the name of the next, None at the end."""
    match step:
        case Say():
            return await steps.say(step, call, caller)
        case Menu():
            return await steps.menu(step, call, caller)
        case Ring():
            return await steps.ring(step, call, caller, directory)
        case LeaveVoicemail():
            return await steps.take_message(step, call, caller)
        case HangUp():
            await steps.hang_up(step, call, caller)
            return None
        case _:
            assert_never(step)
