"""A process that records until it is killed or its disk is full: `recording_child.py DIRECTORY ID [MAX_FILE_BYTES]`.

The keyring is fixed, so that the parent can read what is left. It prints one line once it records, and at the end the seconds kept.
"""

import asyncio
import resource
import sys
from pathlib import Path

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.kernel.ids import VoicemailId
from auricle.vault.keyring import Keyring, Purpose


async def record(directory: Path, blob: VoicemailId) -> None:
    keyring = Keyring({Purpose.BLOB: {1: bytes(range(32))}})
    records = FileRecordKeys(directory.with_name(f"{directory.name}-keys"), keyring, SystemEntropy())
    writer = await FileBlobs(directory, records, SystemEntropy(), 0).open(blob)
    print("recording", flush=True)
    second = 0
    while not writer.failed:
        for frame in range(50):
            writer.write(bytes([second % 256]) * 159 + bytes([frame]))
        second += 1
        await asyncio.sleep(0)
        if second > 20 * 3600:
            break
        if second % 64 == 0:
            await asyncio.sleep(0.001)
    print(f"{await writer.close()} {writer.failed}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    asyncio.run(record(Path(sys.argv[1]), VoicemailId(sys.argv[2])))
