"""Kamailio's configuration, rendered from typed settings. Kamailio 5.6 to 6.0.

The edge decides nothing. It ends TLS and WebSocket, refuses what is malformed or floods, lets UDP and TCP in from trunk addresses only,
takes away from strangers what only the edge may say (X-Auricle-*, Path), stamps where a request really came from, and hides the inner
side: the application's Via never leaves (it is kept with the transaction and put back into the responses), its Contact is the edge's own
address, and no Record-Route is needed because every request from outside goes to the application anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from auricle.practice.model import Trunk

TRUNKS_GROUP = 1
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What the edge needs. A port of 0 turns that listener off. `origins` are the web origins that may open WSS; empty allows all."""

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
    workers: int = 2
    flood_requests_per_2s: int = 200
    idle_s: int = 120
    kept_s: int = 3605
    public_host: str = ""
    trusted_cas: Path = field(default=SYSTEM_CAS)


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
server_signature=no
sip_warning=0
enable_tls=yes
tcp_connection_lifetime=$idle_s
tcp_max_connections=4096
tls_max_connections=4096
tcp_crlf_ping=yes
tcp_keepalive=yes
tcp_async=yes
tcp_rd_buf_size=65536
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
  if (!t_relay()) sl_reply_error();
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
  if (t_check_trans()) exit;
  $$avp(app) = $$(hdr(Via){re.subst,/^.*;app=([A-Za-z0-9.-]+)(;.*)?$$/\\1/});
  if (!($$avp(app) =~ "^[A-Za-z0-9.-]+$$")) drop;
  insert_hf("Via: SIP/2.0/UDP 127.0.0.1:$app_port;branch=$$avp(app)\\r\\n", "From");
  msg_apply_changes();
  $$fs = "udp:127.0.0.1:$internal_port";
}

route[FROM_OUTSIDE] {
  if (!allow_address("$group", "$$si", "0")) {
    if ($$proto == "udp" || $$proto == "tcp") { update_stat("refused", "+1"); exit; }
    if (!pike_check_req()) { update_stat("flooded", "+1"); exit; }
  }
  if ($$proto != "udp" && $$sht(broken=>$$conid) == 1) exit;
  if (!sanity_check("17895", "7") || $$hdrc(Content-Length) > 1) {
    update_stat("malformed", "+1");
    if ($$proto != "udp") {
      $$sht(broken=>$$conid) = 1;
      tcp_close_connection();
    }
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
  if (!t_relay()) sl_reply_error();
}

# Who was let in keeps an idle connection; who was not loses it soon, so that strangers cannot fill the table.
onreply_route[TO_CONNECTION] {
  if ($$rs =~ "^2") tcp_set_connection_lifetime("$$avp(connection)", "$kept_s");
}

event_route[xhttp:request] {
  if ($$Rp == $wss_port && $$hdr(Upgrade) =~ "websocket" && $$hdr(Connection) =~ "upgrade" && $$rm =~ "GET"
      && $$hdr(Sec-WebSocket-Protocol) =~ "(^|[ ,])sip($$|[ ,])"$origins) {
    if (ws_handle_handshake()) exit;
  }
  xhttp_reply("404", "Not Found", "", "");
}
""")


def render(settings: EdgeSettings, directory: Path) -> str:
    """The main configuration; `directory` is where Kamailio keeps its sockets and the two files below."""
    udp = f"udp:{settings.listen_ip}:{settings.udp_port}"
    listeners = [f"listen=tls:{settings.listen_ip}:{settings.tls_port}", f"listen=tls:{settings.listen_ip}:{settings.wss_port}"]
    listeners += [f"listen={udp}"] if settings.udp_port else []
    listeners += [f"listen=tcp:{settings.listen_ip}:{settings.tcp_port}"] if settings.tcp_port else ["# tcp only inside tls"]
    origins = "|".join(origin.replace(".", "\\.") for origin in settings.origins)
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
        from_udp=f'$fs = "{udp}";' if settings.udp_port else 'sl_send_reply("503", "No UDP listener"); exit;',
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
    networks = [(network, trunk.name) for trunk in settings.trunks for network in trunk.addresses]
    lines = [f"{TRUNKS_GROUP} {network.network_address} {network.prefixlen} 0 {name}" for network, name in networks]
    return "\n".join(lines) + "\n"
