"""Kamailio's configuration, rendered from typed settings. Kamailio 5.6 to 6.0.

The edge decides nothing. It ends TLS and WebSocket, refuses what is malformed or floods, lets UDP and TCP in from trunk addresses only,
takes away from strangers what only the edge may say (X-Auricle-*, Path), stamps where a request really came from, and hides the inner
side: the application's Via never leaves (it is kept with the transaction and put back into the responses; its branch also travels as a
parameter of our own Via, so that a response finds home after a restart), its Contact is the edge's own address, and no Record-Route is
needed because every request from outside goes to the application anyway.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from string import Template

from auricle.practice.model import Trunk

TRUNKS_GROUP = 1
MAX_CONNECTIONS = 4096  # meant for 1,000 phones and as many browser pages, x2
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What the edge needs. A `udp_port` or `tcp_port` of 0 turns that listener off."""

    listen_ip: str
    tls_port: int
    wss_port: int
    udp_port: int
    tcp_port: int
    internal_port: int
    app_port: int
    certificate: Path
    private_key: Path
    trunks: Sequence[Trunk] = ()
    origins: Sequence[str] = ()
    """The web origins whose pages may open a WebSocket (RFC 6454); empty allows all."""
    workers: int = 2
    """Processes for each UDP socket, and for all streams together."""
    flood_requests_per_2s: int = 200
    """What one address that is no trunk may send; an office behind one address shares it."""
    idle_s: int = 120
    """How long a connection nobody was let in on may be idle."""
    kept_s: int = 3605
    """The same where a REGISTER or INVITE succeeded: longer than the longest registration."""
    trusted_cas: Path = SYSTEM_CAS
    """Whose certificates of carriers are believed."""
    public_ip: str = ""
    """What Via says where `listen_ip` is not what the outside sees (NAT, 0.0.0.0); empty says `listen_ip`."""

    def __post_init__(self) -> None:
        """Raises ValueError for values that would break out of the configuration."""
        for trunk in self.trunks:
            if not NAME.fullmatch(trunk.name):
                raise ValueError(f"trunk name {trunk.name!r}")
        for origin in self.origins:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"web origin {origin!r}")
        for address in (self.listen_ip, self.public_ip or self.listen_ip):
            ip_address(address)  # a name would be looked up when Kamailio starts, and without an answer the listener would be missing


CONFIG = Template("""\
#!KAMAILIO
# written by auricle; changes are lost
debug=-1
log_stderror=yes
log_name="edge"
fork=yes
children=$workers
tcp_children=$workers
auto_aliases=no
dns=no
rev_dns=no
dns_use_search_list=no
dns_retr_time=1
dns_retr_no=1
dns_servers_no=2
server_signature=no
sip_warning=0
enable_tls=yes
tcp_connection_lifetime=$idle_s
open_files_limit=$open_files
tcp_max_connections=$connections
tls_max_connections=$connections
disable_core_dump=yes
tcp_crlf_ping=yes
tcp_keepalive=yes
tcp_async=yes
tcp_rd_buf_size=65536
tcp_accept_no_cl=yes
xavp_via_params="via"
max_while_loops=10
listen=udp:127.0.0.1:$internal_port
$listeners
loadmodule "jsonrpcs.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "path.so"
loadmodule "permissions.so"
loadmodule "pike.so"
loadmodule "statistics.so"
loadmodule "htable.so"
loadmodule "tcpops.so"
loadmodule "tls.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "$directory/control.sock")
modparam("tls", "config", "$directory/tls.cfg")
modparam("tls", "connection_timeout", $idle_s)
modparam("path", "use_received", 1)
modparam("permissions", "address_file", "$directory/trunks.txt")
modparam("permissions", "peer_tag_avp", "$$avp(trunk)")
modparam("permissions", "reload_delta", 0)
modparam("pike", "sampling_time_unit", 2)
modparam("pike", "reqs_density_per_unit", $flood)
modparam("pike", "remove_latency", 8)
modparam("pike", "pike_log_level", 3)
modparam("sanity", "autodrop", 0)
modparam("tcpops", "closed_event", 0)
modparam("htable", "htable", "broken=>size=8;autoexpire=60")
modparam("statistics", "variable", "refused")
modparam("statistics", "variable", "flooded")
modparam("statistics", "variable", "malformed")
modparam("tm", "fr_timer", 33000)
modparam("tm", "fr_inv_timer", 200000)
modparam("tm", "restart_fr_on_each_reply", 1)
modparam("tm", "failure_reply_mode", 3)
modparam("tm", "remap_503_500", 0)
modparam("tm", "auto_inv_100_reason", "Trying")
modparam("websocket", "keepalive_mechanism", 1)
modparam("websocket", "keepalive_timeout", 30)

request_route {
  if ($$Rp == $internal_port && $$Ri == "127.0.0.1") {
    if ($$si == "127.0.0.1" && $$sp == $app_port) route(FROM_APP);
    exit;
  }
  route(FROM_OUTSIDE);
}

# Everything the application sends: to a peer behind its connection by Route, to a carrier by Request-URI.
route[FROM_APP] {
  if (is_method("CANCEL")) {
    if (!t_check_trans()) sl_send_reply("481", "Call/Transaction Does Not Exist");
    else t_relay();
    exit;
  }
  t_check_trans();
  $$avp(via) = $$hdr(Via);
  $$xavp(via=>app) = $$via0(branch);
  via_add_xavp_params("1");
  remove_hf("Via");
  if (is_present_hf("Route")) {
    loose_route();
    if ($$du =~ "transport=(tls|wss|ws|tcp)") set_forward_no_connect();
  }
  if ($$du == $$null && $$rP =~ "^udp$$") { $from_udp }
  if ($$du =~ "^sip:" && !($$du =~ "transport=")) { $from_udp }
  t_on_reply("TO_APP");
  t_relay();
}

onreply_route[TO_APP] {
  insert_hf("Via: $$avp(via)\\r\\n", "From");
}

# Every response. One without a transaction (a 2xx repeated for long, or Kamailio was restarted) finds its way by what our Via carries.
onreply_route {
  if ($$Rp == $internal_port && $$Ri == "127.0.0.1") {
    if ($$si != "127.0.0.1" || $$sp != $app_port) drop;
    exit;
  }
  if (($$proto == "udp" || $$proto == "tcp") && !allow_address("$group", "$$si", "0")) {
    update_stat("refused", "+1");
    drop;
  }
  if (!route(FRAMED)) drop;
  if (t_check_trans()) exit;
  $$avp(app) = $$(hdr(Via){re.subst,/^.*;app=([A-Za-z0-9.-]+)(;.*)?$$/\\1/});
  if (!($$avp(app) =~ "^[A-Za-z0-9.-]+$$")) drop;
  insert_hf("Via: SIP/2.0/UDP 127.0.0.1:$app_port;branch=$$avp(app)\\r\\n", "From");
  msg_apply_changes();
  $$fs = "udp:127.0.0.1:$internal_port";
}

# On a stream the length is the framing (RFC 3261 18.3): after a wrong one nothing more is read. WebSocket has frames and needs none.
route[FRAMED] {
  if ($$proto == "udp") return 1;
  if ($$conid == $$null || $$sht(broken=>$$conid) == 1) return -1;
  if ($$hdrc(Content-Length) == 1 || ($$hdrc(Content-Length) == 0 && $$proto =~ "^ws")) return 1;
  route(BROKEN);
  return -1;
}

route[BROKEN] {
  update_stat("malformed", "+1");
  if ($$proto == "udp") return;
  $$sht(broken=>$$conid) = 1;
  tcp_close_connection();
}

route[FROM_OUTSIDE] {
  if (!allow_address("$group", "$$si", "0")) {
    if ($$proto == "udp" || $$proto == "tcp") { update_stat("refused", "+1"); exit; }
    if (!pike_check_req()) { update_stat("flooded", "+1"); exit; }
  }
  if (!route(FRAMED)) exit;
  if (!sanity_check("17895", "7")) {
    route(BROKEN);
    exit;
  }
  if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
  force_rport();
  if (is_method("CANCEL")) {
    if (!t_check_trans()) sl_send_reply("481", "Call/Transaction Does Not Exist");
    else t_relay();
    exit;
  }
  if (t_precheck_trans()) { t_check_trans(); exit; }
  t_check_trans();
  remove_hf_re("^X-Auricle-");
  remove_hf("Path");
  remove_hf("Route");
  remove_hf("Record-Route");
  if ($$avp(trunk) == $$null) {
    append_hf("X-Auricle-Source: $$(proto{s.toupper});$$si;$$sp\\r\\n", "Max-Forwards");
  } else {
    append_hf("X-Auricle-Source: $$(proto{s.toupper});$$si;$$sp;trunk=$$avp(trunk)\\r\\n", "Max-Forwards");
  }
  $$fs = "udp:127.0.0.1:$internal_port";
  add_path_received();
  $$du = "sip:127.0.0.1:$app_port";
  if ($$proto != "udp" && is_method("REGISTER|INVITE")) {
    $$avp(connection) = $$conid;
    t_on_reply("TO_CONNECTION");
  }
  t_relay();
}

# Who was let in keeps an idle connection; who was not loses it soon, so that strangers cannot fill the table.
onreply_route[TO_CONNECTION] {
  if ($$rs =~ "^2" && $$avp(connection) != $$null) tcp_set_connection_lifetime("$$avp(connection)", "$kept_s");
}

event_route[xhttp:request] {
  if ($$Rp == $wss_port && $$hdr(Upgrade) =~ "websocket" && $$hdr(Connection) =~ "upgrade" && $$rm =~ "GET"
      && $$hdr(Sec-WebSocket-Protocol) =~ "(^|[ ,])sip($$|[ ,])"$origins) {
    if (ws_handle_handshake()) exit;
  }
  xhttp_reply("404", "Not Found", "", "");
}
""")


def render(settings: EdgeSettings, directory: Path, open_files: int = 1024) -> str:
    """The main configuration; `directory` is where Kamailio keeps its sockets and the two files below, `open_files` what it may open."""
    host = _written(settings.listen_ip)
    sockets = [("tls", settings.tls_port), ("tls", settings.wss_port), ("udp", settings.udp_port), ("tcp", settings.tcp_port)]
    advertise = f" advertise {_written(settings.public_ip)}:" if settings.public_ip else ""
    listeners = [f"listen={kind}:{host}:{port}" + (f"{advertise}{port}" if advertise else "") for kind, port in sockets if port]
    origins = "|".join(re.escape(origin) for origin in settings.origins)
    return CONFIG.substitute(
        workers=settings.workers,
        internal_port=settings.internal_port,
        app_port=settings.app_port,
        wss_port=settings.wss_port,
        listeners="\n".join(listeners),
        directory=directory,
        flood=settings.flood_requests_per_2s,
        idle_s=settings.idle_s,
        kept_s=settings.kept_s,
        group=TRUNKS_GROUP,
        open_files=open_files,
        connections=max(64, min(MAX_CONNECTIONS, open_files - 64)),
        from_udp=f'$fs = "udp:{host}:{settings.udp_port}";' if settings.udp_port else 'sl_send_reply("503", "No UDP listener"); exit;',
        origins=f' && $hdr(Origin) =~ "^({origins})$"' if origins else "",
    )


def render_tls(settings: EdgeSettings) -> str:
    """tls.cfg: TLS 1.2 or newer both ways; carriers' certificates are verified.

    The authorities are named only where a carrier is called over TLS: loading the system's list takes Kamailio five seconds.
    """
    calls_out = any("transport=tls" in trunk.gateway and trunk.outbound for trunk in settings.trunks)
    authorities = f"ca_list = {settings.trusted_cas}\n" if calls_out else ""
    return f"""\
[server:default]
method = TLSv1.2+
private_key = {settings.private_key}
certificate = {settings.certificate}
verify_certificate = no
require_certificate = no

[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
{authorities}"""


def render_addresses(settings: EdgeSettings) -> str:
    """The trunks' addresses, one a line, with the trunk's name as tag."""
    pairs = [(trunk.name, network) for trunk in settings.trunks for network in trunk.addresses]
    return "".join(f"{TRUNKS_GROUP} {network.network_address} {network.prefixlen} 0 {name}\n" for name, network in pairs)


def _written(address: str) -> str:
    return f"[{address}]" if ":" in address else address
