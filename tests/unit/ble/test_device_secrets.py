"""Where keys of devices are kept, and that no device is given one that nobody keeps."""

import pytest

from ohx_desktop.ble.device_secrets import NoSecrets, StoredSecrets, VolatileSecrets
from ohx_desktop.domain.errors import NoKeyring


async def test_secrets_are_kept_for_each_device() -> None:
    kept: dict[str, str] = {}
    stored = StoredSecrets(load=kept.get, save=kept.__setitem__)
    for secrets in (stored, VolatileSecrets()):
        assert await secrets.get("aa:bb") is None
        await secrets.set("AA:BB", "one")
        await secrets.set("CC:DD", "two")
        assert (await secrets.get("AA:BB"), await secrets.get("CC:DD")) == ("one", "two")
    assert kept == {"device:AA:BB": "one", "device:CC:DD": "two"}
    assert await stored.get("aa:bb") == "one"


async def test_without_a_store_nothing_is_promised() -> None:
    assert await NoSecrets().get("AA:BB") is None
    with pytest.raises(NoKeyring):
        await NoSecrets().set("AA:BB", "one")
