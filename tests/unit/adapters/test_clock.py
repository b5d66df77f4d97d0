"""The machine's clock and chance fit the ports of the kernel."""

import asyncio
import re
from datetime import timedelta

from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.kernel.time import Clock, Entropy


def test_the_wall_clock_is_utc_and_the_other_never_goes_back() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    readings = [clock.monotonic() for _ in range(1000)]
    assert readings == sorted(readings)


async def test_times_can_be_compared_with_the_loops() -> None:
    assert abs(asyncio.get_running_loop().time() - SystemClock().monotonic()) < 1


def test_names_and_tokens_are_fresh() -> None:
    entropy: Entropy = SystemEntropy()
    names = {entropy.name("v") for _ in range(2000)}
    assert len(names) == 2000
    assert all(re.fullmatch(r"v[0-9a-f]{20}", name) for name in names)
    assert len({entropy.token(16) for _ in range(2000)}) == 2000
    assert len(entropy.token(33)) == 33
