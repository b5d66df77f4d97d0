"""The life of the edge: killed, reloaded, wrongly set up, missing, hidden behind another address."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from tests.real.edge.conftest import CARRIER, OUTSIDE, SDP, STRANGER, Stage, phone_via, request, trunk

from auricle.adapters.certificates import ensure_demo_ca
from auricle.adapters.kamailio import Edge, EdgeFailed, EdgeSettings
from auricle.adapters.process import MissingProgram, ServiceState, StartFailed

pytestmark = pytest.mark.real


def session_of(pid: int) -> list[int]:
    """The processes of a daemon: it was started with a session of its own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, session = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == pid and state != "Z":
            found.append(int(path.parent.name))
    return found


async def state(stage: Stage, wanted: ServiceState) -> None:
    assert await asyncio.wait_for(stage.states.get(), 15) is wanted


async def test_killed_it_comes_back_and_calls_in_setup_over_udp_go_on(stage: Stage) -> None:
    carrier = await stage.udp(CARRIER)
    via = f"SIP/2.0/UDP {CARRIER}:{carrier.port};branch=z9hG4bKt;rport"
    out = stage.app_via("z9hG4bKout")
    stage.app_send(request("INVITE", f"sip:+12025550199@{CARRIER}:{carrier.port}", out, call_id="out", body=SDP))
    ringing = await carrier.next("INVITE")
    await state(stage, ServiceState.STARTING)
    await state(stage, ServiceState.UP)
    first = stage.edge.pid
    assert first is not None
    old = session_of(first)
    assert len(old) > 5
    os.kill(first, signal.SIGKILL)
    await state(stage, ServiceState.RESTARTING)
    await state(stage, ServiceState.UP)
    assert stage.edge.pid != first
    assert session_of(first) == []
    stage.carrier_send(carrier, request("OPTIONS", "sip:pbx.example", via, call_id="after"))
    await stage.app.next("OPTIONS")
    lines = [
        f"Via: {ringing.get('via')}",
        f"From: {ringing.get('from')}",
        f"To: {ringing.get('to')};tag=b",
        "Call-ID: out",
        "CSeq: 1 INVITE",
    ]
    stage.carrier_send(carrier, "\r\n".join(["SIP/2.0 180 Ringing", *lines, "Content-Length: 0", "", ""]).encode())
    assert (await stage.app.next("180")).get_all("via") == [out]
    await stage.registered(await stage.phone(), call_id="again")


async def test_stopped_it_leaves_no_process_and_no_file(stage: Stage) -> None:
    pid = stage.edge.pid
    assert pid is not None
    directory = Path(next(word for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0") if word.endswith(".cfg"))).parent
    assert directory.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in directory.glob("*.pem")} == {0}
    await stage.edge.stop()
    assert session_of(pid) == []
    assert not directory.exists()
    assert stage.edge.state is ServiceState.STOPPED


async def test_it_runs_without_privileges(stage: Stage) -> None:
    assert stage.edge.pid is not None
    for pid in session_of(stage.edge.pid):
        status = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert "0" not in status["Uid"].split()


async def test_new_trunks_and_certificates_are_taken_without_dropping_a_connection(stage: Stage, tmp_path: Path) -> None:
    phone = await stage.phone()
    path = await stage.registered(phone)
    stranger = await stage.udp(STRANGER)
    via = f"SIP/2.0/UDP {STRANGER}:{stranger.port};branch=z9hG4bKs{{}};rport"
    stage.carrier_send(stranger, request("OPTIONS", "sip:pbx.example", via.format(1), call_id="s1"))
    assert await stage.app.silent(0.2)

    other = ensure_demo_ca(tmp_path / "other", [OUTSIDE], datetime.now(UTC))
    trunks = [trunk("far", f"{STRANGER}/32", "127.0.1.0/24")]
    await stage.edge.reload(replace(stage.settings, trunks=trunks, certificate=other.certificate, private_key=other.private_key))

    stage.carrier_send(stranger, request("OPTIONS", "sip:pbx.example", via.format(2), call_id="s2"))
    message = await stage.app.next("OPTIONS")
    assert message.get("x-auricle-source") == f"UDP;{STRANGER};{stranger.port};trunk=far"
    neighbour = await stage.udp("127.0.1.77")
    neighbour_via = f"SIP/2.0/UDP 127.0.1.77:{neighbour.port};branch=z9hG4bKn;rport"
    stage.carrier_send(neighbour, request("OPTIONS", "sip:pbx.example", neighbour_via, call_id="n"))
    assert str((await stage.app.next("OPTIONS")).get("x-auricle-source")).endswith(";trunk=far")
    former = await stage.udp(CARRIER)
    former_via = f"SIP/2.0/UDP {CARRIER}:{former.port};branch=z9hG4bKo;rport"
    stage.carrier_send(former, request("OPTIONS", "sip:pbx.example", former_via, call_id="o"))
    assert await stage.app.silent(0.2)

    stage.app_send(
        request("OPTIONS", "sip:1001@127.0.0.5;transport=tls", stage.app_via("z9hG4bKk"), call_id="k", headers=[f"Route: {path}"])
    )
    await phone.next("OPTIONS")
    with pytest.raises(ssl.SSLCertVerificationError):
        await stage.phone()
    await stage.phone(ssl.create_default_context(cafile=str(other.ca)))
    with pytest.raises(EdgeFailed):
        await stage.edge.reload(replace(stage.settings, idle_s=7))


async def test_an_empty_trunk_list_lets_nobody_in_over_udp(make_stage: Callable[..., Stage]) -> None:
    stage = await make_stage(trunks=[])
    carrier = await stage.udp(CARRIER)
    via = f"SIP/2.0/UDP {CARRIER}:{carrier.port};branch=z9hG4bKt;rport"
    stage.carrier_send(carrier, request("OPTIONS", "sip:pbx.example", via))
    assert await stage.app.silent(0.3)
    await stage.registered(await stage.phone())


async def test_behind_a_translated_address_via_says_the_public_one(make_stage: Callable[..., Stage]) -> None:
    stage = await make_stage(public_ip="198.51.100.7")
    phone = await stage.phone()
    path = await stage.registered(phone)
    headers = [f"Route: {path}"]
    stage.app_send(request("OPTIONS", "sip:1001@127.0.0.5;transport=tls", stage.app_via("z9hG4bKv"), call_id="v", headers=headers))
    message = await phone.next("OPTIONS")
    assert (message.via.host, message.via.port) == ("198.51.100.7", stage.settings.tls_port)


async def test_without_a_udp_port_there_is_none_and_calls_to_carriers_say_so(make_stage: Callable[..., Stage]) -> None:
    stage = await make_stage(udp_port=0)
    stage.app_send(request("INVITE", f"sip:+12025550199@{CARRIER}", stage.app_via("z9hG4bKnone"), body=SDP))
    assert (await stage.app.next("503")).get_all("via") == [stage.app_via("z9hG4bKnone")]


async def test_carriers_may_come_over_tcp_too(make_stage: Callable[..., Stage]) -> None:
    with socket.socket() as probe:
        probe.bind((OUTSIDE, 0))
        port = probe.getsockname()[1]
    stage = await make_stage(tcp_port=port)
    for host, heard in ((CARRIER, True), (STRANGER, False)):
        _reader, writer = await asyncio.open_connection(OUTSIDE, port, local_addr=(host, 0))
        writer.write(request("OPTIONS", "sip:pbx.example", phone_via("tcp", "z9hG4bKtcp" + host), call_id=host))
        if heard:
            local = writer.get_extra_info("sockname")[1]
            assert (await stage.app.next("OPTIONS")).get("x-auricle-source") == f"TCP;{host};{local};trunk=near"
        else:
            assert await stage.app.silent(0.3)
        writer.transport.abort()


async def test_a_port_that_is_taken_is_told(edge_settings: EdgeSettings) -> None:
    with socket.socket() as taken:
        taken.bind((OUTSIDE, edge_settings.tls_port))
        taken.listen()
        edge = Edge(edge_settings, lambda _name, _state: None)
        with pytest.raises(StartFailed, match="Address already in use"):
            await edge.start()
    assert edge.pid is None
    assert edge.state is ServiceState.STOPPED


async def test_without_kamailio_one_line_says_what_to_install(edge_settings: EdgeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(import_module("auricle.adapters.process.unprivileged"), "DAEMON_PATH", "/nowhere")
    edge = Edge(edge_settings, lambda _name, _state: None)
    with pytest.raises(MissingProgram) as missing:
        await edge.start()
    assert str(missing.value) == ("kamailio is not installed: apt-get install kamailio kamailio-tls-modules kamailio-websocket-modules")


async def test_a_certificate_that_cannot_be_read_is_told_and_leaves_nothing(edge_settings: EdgeSettings, tmp_path: Path) -> None:
    before = set(Path("/run").glob("auricle-edge-*"))
    edge = Edge(replace(edge_settings, private_key=tmp_path / "none.pem"), lambda _name, _state: None)
    with pytest.raises(EdgeFailed, match=r"none\.pem cannot be read: No such file or directory"):
        await edge.start()
    assert set(Path("/run").glob("auricle-edge-*")) - before == set()
    assert edge.state is ServiceState.STOPPED


async def test_many_may_ask_at_once(stage: Stage) -> None:
    assert len({str(reply) for reply in await asyncio.gather(*(stage.edge.rpc("core.version") for _ in range(8)))}) == 1
