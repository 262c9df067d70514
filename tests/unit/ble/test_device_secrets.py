"""Where keys of devices are kept, and that no device is given one that nobody keeps."""

import pytest

from ohx_desktop.ble.device_secrets import NoSecrets, StoredSecrets, VolatileSecrets
from ohx_desktop.domain.errors import NoKeyring


async def test_secrets_are_kept_for_each_device() -> None:
    kept: dict[str, str] = {}
    stored = StoredSecrets(load=kept.get, save=kept.__setitem__, erase=kept.pop)
    for secrets in (stored, VolatileSecrets()):
        assert await secrets.get("aa:bb") is None
        await secrets.set("AA:BB", "one")
        await secrets.set("CC:DD", "two")
        assert (await secrets.get("AA:BB"), await secrets.get("CC:DD")) == ("one", "two")
    assert kept == {"device:AA:BB": "one", "device:CC:DD": "two"}
    assert await stored.get("aa:bb") == "one"
    await stored.forget("aa:bb")
    assert (await stored.get("AA:BB"), await stored.get("CC:DD")) == (None, "two")


async def test_without_a_store_nothing_is_promised() -> None:
    assert await NoSecrets().get("AA:BB") is None
    with pytest.raises(NoKeyring):
        await NoSecrets().set("AA:BB", "one")
    await NoSecrets().forget("AA:BB")


async def test_forgetting_a_device_needs_no_keyring_where_no_key_can_be_kept() -> None:
    def no_keyring(_name: str) -> str | None:
        raise NoKeyring("no secret store was found on this computer")

    await StoredSecrets(load=no_keyring, save=lambda _, __: None, erase=no_keyring).forget("AA:BB")
