from collections.abc import AsyncIterator

import httpx
import pytest

from ohx_desktop.virtual.ehr import SandboxEhr
from ohx_desktop.virtual.ehr.schema import load_schema
from ohx_desktop.virtual.ehr.seed import seed
from ohx_desktop.virtual.ehr.store import Store
from ohx_desktop.virtual.ehr.validation import Validator


@pytest.fixture(scope="session")
def validator() -> Validator:
    return Validator(load_schema())


@pytest.fixture
def store() -> Store:
    seeded = Store()
    seed(seeded)
    return seeded


@pytest.fixture
async def ehr() -> AsyncIterator[SandboxEhr]:
    sandbox = SandboxEhr()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def client(ehr: SandboxEhr) -> AsyncIterator[httpx.AsyncClient]:
    base_url = await ehr.start()
    async with httpx.AsyncClient(base_url=base_url, timeout=10, trust_env=False) as http:
        yield http
