"""A browser, a certificate authority and a console for the tests of signing in."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auricle.adapters.certificates import Certificates, ensure_demo_ca
from real.sign_in.chromium import ChromiumProcess, Page
from real.sign_in.console import RunningConsole, free_port


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure_demo_ca(tmp_path_factory.mktemp("ca"), ["localhost", "127.0.0.1"], datetime.now(UTC))


@pytest.fixture(scope="session")
def chromium() -> Iterator[ChromiumProcess]:
    browser = ChromiumProcess()
    yield browser
    browser.stop()


@pytest.fixture
async def page(chromium: ChromiumProcess) -> AsyncIterator[Page]:
    page = await Page.open(chromium)
    yield page
    await page.close()


@pytest.fixture
async def console(tmp_path: Path, certificates: Certificates) -> AsyncIterator[RunningConsole]:
    running = RunningConsole(tmp_path, free_port(), certificates)
    await running.start()
    yield running
    await running.stop()
