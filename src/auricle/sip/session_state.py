"""The words in which the tables of moves of `incoming.py` and `outgoing.py` are written."""

from enum import StrEnum


class SessionState(StrEnum):
    """Where a session stands. The first four are incoming, the next four outgoing, CONFIRMED and ENDED are both."""

    ARRIVED = "arrived"
    ACCEPTED = "accepted"
    """2xx sent, no ACK yet."""
    LEAVING = "leaving"
    """We hung up, but BYE has to wait for the ACK (RFC 3261 15)."""
    CALLING = "calling"
    PROCEEDING = "proceeding"
    GIVEN_UP = "given up"
    """We hung up, but CANCEL has to wait for a provisional (9.1)."""
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class SessionInput(StrEnum):
    """What can happen to a session as a whole."""

    RING = "ring"
    ACCEPT = "accept"
    REJECT = "reject"
    HANG_UP = "hang_up"
    CANCEL = "CANCEL"
    ACK = "ACK"
    BYE = "BYE"
    NO_ACK = "no ACK for 32 s"
    NO_PRACK = "no PRACK for 32 s"
    LOST = "peer gone"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    NO_ANSWER = "2xx without an answer to our offer"
    FAILURE = "3xx-6xx"
    TIMEOUT = "no response"


class Alarm(StrEnum):
    """What a session waits for."""

    REPEAT_2XX = "2xx again"
    REPEAT_18X = "reliable 18x again"
    CANCEL_LIMIT = "no final response after CANCEL"
    REFRESH = "session refresh"
    EXPIRE = "session expiry"
