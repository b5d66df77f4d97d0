"""The flow document: a graph of named steps. The same structures give the JSON Schema (docs/reference/flow.schema.json)."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from auricle.calls.errors import FlowFault

StepName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Seconds = Annotated[float, Meta(gt=0, le=600)]
Key = Annotated[str, Meta(pattern=r"^[0-9*#]$")]
MAX_STEPS = 500


class Step(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """Base of all steps; `do` names the kind."""

    def exits(self) -> Mapping[str, str]:
        """Where the step may lead: a word for the way out, and the step it leads to."""
        return {}


class Say(Step, frozen=True, tag="say"):
    """Speak a text, then go on. A key ends it early when `interruptible`."""

    text: Text
    next: StepName
    interruptible: bool = True

    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}


class Menu(Step, frozen=True, tag="menu"):
    """Speak a prompt and follow the key pressed. Keys may be pressed while it speaks. After `retries` it goes `otherwise`."""

    prompt: Text
    keys: Annotated[dict[Key, StepName], Meta(min_length=1)]
    otherwise: StepName
    timeout_s: Seconds = 5.0
    retries: Annotated[int, Meta(ge=0, le=9)] = 2
    invalid: Text = "Sorry, that is not one of the choices."

    def exits(self) -> Mapping[str, str]:
        return {**{f"key {key}": step for key, step in self.keys.items()}, "otherwise": self.otherwise}


class Ring(Step, frozen=True, tag="ring"):
    """Ring people (by extension) and outside numbers at once; the first to answer gets the caller."""

    otherwise: StepName
    people: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    timeout_s: Seconds = 20.0

    def exits(self) -> Mapping[str, str]:
        return {"otherwise": self.otherwise}


class LeaveVoicemail(Step, frozen=True, tag="voicemail"):
    """Take a message into a mailbox."""

    mailbox: str
    next: StepName

    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}


class HangUp(Step, frozen=True, tag="hang_up"):
    """End the call, with some last words if given."""

    text: Annotated[str, Meta(max_length=2000)] = ""


AnyStep = Say | Menu | Ring | LeaveVoicemail | HangUp


class FlowDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """One flow: where it starts, and its steps by name."""

    id: StepName
    start: StepName
    steps: Annotated[dict[StepName, AnyStep], Meta(min_length=1, max_length=MAX_STEPS)]


def read_flow(data: object) -> FlowDocument:
    """Turn parsed YAML or JSON into a flow. Raises FlowFault naming the place that is wrong and what was expected."""
    try:
        return msgspec.convert(data, FlowDocument)
    except msgspec.ValidationError as error:
        raise FlowFault(str(error)) from error


def flow_schema() -> dict[str, object]:
    """The JSON Schema of a flow document."""
    return msgspec.json.schema(FlowDocument)
