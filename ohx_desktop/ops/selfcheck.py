"""The self-check: is this installation complete? The test of an installer, and of a packaged build.

It asks for no settings, no device, no EHR and no unlocked keyring; those are the doctor's. A
failure here means that a part of the program is missing or broken.
"""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from ohx_desktop.domain.errors import ConfigurationError, OhxError, StoreDamaged, StoreError
from ohx_desktop.ops.doctor import Check

_NEEDED_FILES = (
    "fhir/r5.schema.json",
    "fonts/Inter-Regular.otf",
    "fonts/Inter-SemiBold.otf",
    "fonts/NotoSansArabic-Regular.ttf",
    "icons/device.svg",
    "icons/glucose-meter.svg",
    "icons/oximeter.svg",
    "icons/scale.svg",
    "icons/thermometer.svg",
    "icons/upper-arm-cuff.svg",
)
# What bleak and keyring load by name on each platform.
_BLUETOOTH = {
    "linux": ("bleak.backends.bluezdbus.scanner", "bleak.backends.bluezdbus.client"),
    "darwin": ("bleak.backends.corebluetooth.scanner", "bleak.backends.corebluetooth.client"),
    "win32": ("bleak.backends.winrt.scanner", "bleak.backends.winrt.client"),
}
_SECRET_STORE = {
    "linux": ("keyring.backends.SecretService", "secretstorage", "jeepney"),
    "darwin": ("keyring.backends.macOS.api",),
    "win32": ("keyring.backends.Windows", "win32ctypes.core"),
}
_REINSTALL = "install the program again; if it happens again, report it to support"


def installation_checks(import_services: Callable[[], None]) -> tuple[Check, ...]:
    """Return the checks that need no window. `import_services` imports what a workstation uses."""
    return (
        part("services", lambda: _import_all(import_services)),
        part("resources", _find_resources),
        part("tls", lambda: asyncio.run(_build_http_client())),
        part("keyring", _list_secret_stores),
        part("bluetooth", _import_radio),
        part("queue", _open_queue),
    )


def part(name: str, examine: Callable[[], str], *, in_thread: bool = True) -> Check:
    """Return a check that runs `examine` and takes any foreign failure for a broken part.

    Without `in_thread` it runs, and blocks, where the loop runs; Qt wants that.
    """

    async def run() -> str:
        if in_thread:
            return await asyncio.to_thread(_checked, examine)
        return _checked(examine)

    return Check(name=name, run=run)


def _checked(examine: Callable[[], str]) -> str:
    try:
        return examine()
    except OhxError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ConfigurationError(
            f"a part of the program is missing or broken ({reason})",
            meaning="the program cannot work as it is installed",
            hint=_REINSTALL,
        ) from error


def _import_all(import_services: Callable[[], None]) -> str:
    import_services()
    return "all can be imported"


def _find_resources() -> str:
    from ohx_desktop.resource_files import resource

    for name in _NEEDED_FILES:
        resource(name)
    return f"{len(_NEEDED_FILES)} files are there"


async def _build_http_client() -> str:
    import ssl

    from ohx_desktop.transport import build_client

    async with await build_client():
        return f"{ssl.OPENSSL_VERSION}, certificates of the system"


def _list_secret_stores() -> str:
    from ohx_desktop.keystore import secret_stores

    _import(_SECRET_STORE)
    return "; ".join(secret_stores())


def _import_radio() -> str:
    return _import(_BLUETOOTH)


def _import(modules: Mapping[str, Sequence[str]]) -> str:
    """Import the modules of this platform and name them."""
    names = modules.get(sys.platform, ())
    for name in names:
        import_module(name)
    return ", ".join(names) or f"nothing is known for {sys.platform}"


def _open_queue() -> str:
    """Write an encrypted queue and see that it is one: unreadable, and closed to another key."""
    from ohx_desktop.outbox.store import OutboxStore

    with tempfile.TemporaryDirectory(prefix="ohx-selfcheck-") as folder:
        path = Path(folder) / "outbox.db"
        OutboxStore.open(path, secrets.token_bytes(32)).close()
        try:
            OutboxStore.open(path, secrets.token_bytes(32)).close()
        except StoreDamaged:
            return "an encrypted queue can be made, and opens with its own key only"
    raise StoreError("the queue opens with any key", hint=_REINSTALL)
