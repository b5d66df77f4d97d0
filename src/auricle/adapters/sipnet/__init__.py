"""The SIP socket toward the edge: drives the pure core of `sip/` and fits `calls.ports.SipPort`."""

from auricle.adapters.sipnet.endpoint import SipEndpoint
from auricle.adapters.sipnet.identity import Identity

__all__ = ["Identity", "SipEndpoint"]
