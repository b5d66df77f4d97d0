"""The rules in words: what each watches, where its threshold stands, and what an alert says. Nothing of a patient is in them."""

from auricle.audit.rules import Rule, Thresholds

ABOUT = {
    Rule.MASS_LOOK_UP: "One person looks at very many records in a short time.",
    Rule.AFTER_HOURS: "Records of patients are looked at while the practice is closed.",
    Rule.OWN_FAMILY: "Somebody looks at a record whose caller has their own surname.",
    Rule.RESTRICTED: "A restricted patient's record is looked at.",
    Rule.REFUSALS: "One person, or one address, is refused again and again.",
    Rule.BREAK_GLASS: "Emergency access is used.",
    Rule.EXPORT: "Data is exported.",
    Rule.NEW_NETWORK: "Somebody signs in from a network they never used before.",
    Rule.DAMAGE: "Stored data is damaged or was changed.",
    Rule.CLOCK: "The machine's clock was set back.",
    Rule.ANCHOR: "Checkpoints of the audit log do not reach a place where they are kept, or differ from what is kept there.",
    Rule.AGREEMENT: "An agreement with a business associate ends soon or has ended.",
    Rule.RETENTION: "Records are not deleted when their time has come: the clock is not believed, or recordings are not in their place.",
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def threshold(rule: Rule, found: Thresholds) -> str:
    """The threshold in force."""
    match rule:
        case Rule.MASS_LOOK_UP:
            return f"{found.mass_records} different records within {_minutes(found.mass_window_s)}"
        case Rule.REFUSALS:
            return f"{found.refusals} refusals within {_minutes(found.refusals_window_s)}"
        case Rule.AFTER_HOURS:
            opened = (f"{_DAYS[day]} {_clock(start)}-{_clock(end)}" for day, (start, end) in sorted(found.hours.items()))
            return f"outside {', '.join(opened) or 'no hours at all'}, {found.zone.key}"
        case _:
            return "each time, at most once for the same person and subject in " + _minutes(found.quiet_s)


def text(rule: Rule, count: int) -> str:
    """What an alert says."""
    several = f"{count} records" if count != 1 else "1 record"
    match rule:
        case Rule.MASS_LOOK_UP:
            return f"Looked at {count} different records in a short time."
        case Rule.AFTER_HOURS:
            return f"Looked at {several} while the practice was closed."
        case Rule.OWN_FAMILY:
            return f"Looked at {several} of callers with the same surname."
        case Rule.RESTRICTED:
            return f"Looked at {several} of restricted patients."
        case Rule.REFUSALS:
            return f"Was refused {count} times in a short time."
        case _:
            return ABOUT[rule]


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
