"""What is wrong with a flow before any caller meets it: dead references, steps nobody reaches, people and boxes that do not exist."""

from collections.abc import Iterator

from auricle.calls.flow.document import FlowDocument, LeaveVoicemail, Ring
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.ids import MailboxId
from auricle.practice.model import Practice


def problems(flow: FlowDocument, practice: Practice) -> list[str]:
    """Every problem as one sentence that names the step and says what to mend; empty when the flow can be used."""
    return [*_dead_references(flow), *_unreachable(flow), *_strangers(flow, practice)]


def _dead_references(flow: FlowDocument) -> Iterator[str]:
    if flow.start not in flow.steps:
        yield f"flow {flow.id}: it starts at step '{flow.start}', which does not exist: add the step or change `start`"
    for name, step in flow.steps.items():
        for way, target in step.exits().items():
            if target not in flow.steps:
                yield f"step {name}: '{way}' leads to step '{target}', which does not exist: add it or change '{way}'"


def _unreachable(flow: FlowDocument) -> Iterator[str]:
    seen: set[str] = set()
    queue = [flow.start]
    while queue:
        name = queue.pop()
        if name not in seen and name in flow.steps:
            seen.add(name)
            queue.extend(flow.steps[name].exits().values())
    for name in flow.steps.keys() - seen:
        yield f"step {name}: no other step leads here: link it or remove it"


def _strangers(flow: FlowDocument, practice: Practice) -> Iterator[str]:
    for name, step in flow.steps.items():
        if isinstance(step, Ring):
            if not step.people and not step.numbers:
                yield f"step {name}: it rings nobody: name `people` or `numbers`"
            for extension in step.people:
                if practice.person_at(extension) is None:
                    yield f"step {name}: nobody has extension {extension}: add the person or change `people`"
            for number in step.numbers:
                if not _is_number(number, practice.region):
                    yield f"step {name}: an entry of `numbers` is no valid telephone number"
        if isinstance(step, LeaveVoicemail) and MailboxId(step.mailbox) not in practice.mailboxes:
            yield f"step {name}: there is no mailbox '{step.mailbox}': add it or change `mailbox`"


def _is_number(text: str, region: str) -> bool:
    try:
        E164.parse(text, region)
    except NotANumber:
        return False
    return True
