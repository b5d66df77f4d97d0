"""rtpengine in user space: one process a practice, driven by its ng protocol over loopback UDP."""

from auricle.adapters.rtpengine.engine import EngineSettings, RtpEngine

__all__ = ["EngineSettings", "RtpEngine"]
