"""The edge: one Kamailio a practice, its configuration generated from the settings, started, watched and reloaded."""

from auricle.adapters.kamailio.config import EdgeSettings, render, render_addresses, render_tls
from auricle.adapters.kamailio.edge import Counters, Edge, EdgeFailed

__all__ = ["Counters", "Edge", "EdgeFailed", "EdgeSettings", "render", "render_addresses", "render_tls"]
