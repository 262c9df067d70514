"""The devices registered with this workstation: which cuff is ours, and who it proved to be.

Addresses and serial numbers are no health data, so the registry is a plain file an administrator
can read.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ohx_desktop.ble.device_kind import kind_of
from ohx_desktop.domain.device import DeviceIdentity, DeviceKind
from ohx_desktop.domain.errors import DeviceNotFound, StoreDamaged, StoreEnvironment
from ohx_desktop.storage.durable import write_durably

_SCHEMA = "ohx.devices/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledDevice:
    """A registered device. `enrolled_at` is aware."""

    identity: DeviceIdentity
    driver: str
    enrolled_at: datetime


class DeviceRegistry:
    """The registered devices of one profile; every change is on disk when the method returns.

    Blocking; callers on an event loop use a thread for `add` and `remove`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._devices = {device.identity.address: device for device in self._read()}

    @property
    def devices(self) -> tuple[EnrolledDevice, ...]:
        """All registered devices, oldest first."""
        return tuple(sorted(self._devices.values(), key=lambda device: device.enrolled_at))

    def has_address(self, address: str) -> bool:
        """Tell whether a device with this address is registered."""
        return address in self._devices

    def knows(self, identity: DeviceIdentity) -> bool:
        """Tell whether this is a registered device by address and, where both tell it, serial."""
        known = self._devices.get(identity.address)
        if known is None:
            return False
        serials = {known.identity.serial, identity.serial} - {None}
        return len(serials) <= 1

    def kind_of(self, address: str | None) -> DeviceKind | None:
        """Return the kind of a registered device; without an address, the one that all have.

        None where it is not known, or where they are of several kinds.
        """
        kinds = {
            kind_of(device.driver, device.identity.model)
            for device in self._devices.values()
            if address in {None, device.identity.address}
        }
        return kinds.pop() if len(kinds) == 1 else None

    def add(self, device: EnrolledDevice) -> None:
        """Register a device, in place of an earlier one with its address."""
        self._write({**self._devices, device.identity.address: device})

    def require(self, address: str) -> EnrolledDevice:
        """Return the registered device with this address. Raises DeviceNotFound."""
        if address not in self._devices:
            raise DeviceNotFound(
                "no device with this address is registered here",
                hint="list the registered devices with: ohx-desktop devices",
            )
        return self._devices[address]

    def remove(self, address: str) -> EnrolledDevice:
        """Forget a device. Raises DeviceNotFound."""
        self.require(address)
        remaining = dict(self._devices)
        removed = remaining.pop(address)
        self._write(remaining)
        return removed

    def _read(self) -> list[EnrolledDevice]:
        try:
            content = json.loads(self._path.read_bytes())
            if content["schema"] != _SCHEMA:
                raise ValueError("unknown schema")  # noqa: TRY301 - one way out for all damage
            return [
                EnrolledDevice(
                    identity=DeviceIdentity(**row["identity"]),
                    driver=row["driver"],
                    enrolled_at=datetime.fromisoformat(row["enrolled_at"]),
                )
                for row in content["devices"]
            ]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(
                "the list of registered devices cannot be read",
                meaning="no reading was affected",
                hint=f"remove {self._path} and enrol the devices again",
            ) from error

    def _write(self, devices: dict[str | None, EnrolledDevice]) -> None:
        rows = [
            {
                "identity": asdict(device.identity),
                "driver": device.driver,
                "enrolled_at": device.enrolled_at.isoformat(),
            }
            for device in devices.values()
        ]
        try:
            text = json.dumps({"schema": _SCHEMA, "devices": rows}, indent=1)
            write_durably(self._path, text.encode())
        except OSError as error:
            raise StoreEnvironment(
                f"the list of registered devices cannot be written ({error.strerror})",
                meaning="no reading was affected, but the device is not registered",
                hint="free disk space or mend the folder's permissions, then try again",
            ) from error
        self._devices = devices
