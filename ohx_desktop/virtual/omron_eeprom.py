"""A virtual Omron cuff whose memory is read through the maker's own service.

Classic cuffs (`ecbe3980`) carry frames on four channels and want a key; modern ones (`fe4a`)
carry them on one and want a bond made in pairing mode. The standard blood-pressure service of a
classic cuff is there and stays silent, as it does once a key is stored.
"""

import struct
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.virtual.appliance import Appliance, Pieces
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.encoding import CuffRecord, StatusFlag
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import DEFAULT_MTU
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_memory import EepromMemory
from ohx_desktop.virtual.omron_models import EepromProfile
from ohx_desktop.virtual.omron_services import OmronServices
from ohx_desktop.virtual.omron_session import PIECE, EepromSession, FrameAssembler
from ohx_desktop.virtual.omron_unlock import Lock
from ohx_desktop.virtual.omron_uuids import MODERN_SERVICE
from ohx_desktop.virtual.peripheral import AdvertisingData, Peripheral
from ohx_desktop.virtual.profiles import BLOOD_PRESSURE_SERVICE, OMRON_COMPANY, Pace

_MODERN_MTU = 185
"""Large enough for the longest frame, which modern cuffs send in one piece."""

_READ_REPLY = b"\x81\x00"


class OmronEepromCuff:
    """A cuff of the given model. `key`: what an earlier host programmed into a classic one.

    `group` begins the model's number on the air: cuffs or scales. Call `close` when done; it owns
    tasks while it is awake.
    """

    group = "0000"

    def __init__(
        self,
        profile: EepromProfile,
        *,
        address: str,
        serial: str = "20261123-0002",
        clock: CuffClock | None = None,
        pace: Pace | None = None,
        faults: Faults | None = None,
        key: bytes | None = None,
        memory: EepromMemory | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock or CuffClock()
        self.memory = memory or EepromMemory(profile, self.clock)
        self.session = EepromSession(
            profile,
            self.memory,
            show=self._show,
            ignores_writes=lambda: self.peripheral.faults.ignored_writes,
        )
        self.lock = Lock(
            profile.unlock,
            key=key,
            is_encrypted=lambda: self._link is not None and self._link.is_encrypted,
            in_pairing_mode=lambda: self._in_pairing_mode,
        )
        self._records: list[CuffRecord] = []
        self._in_pairing_mode = False
        self._wakes_by_button = True
        self._was_bonded = False
        self._asked_for_security = False
        self._assembler = FrameAssembler()
        self._services = OmronServices(
            profile, serial=serial, on_unlock=self._unlocking, on_command=self._commanded
        )
        pace = pace or profile.pace
        self.peripheral = Peripheral(
            address=address,
            services=self._services.all,
            beacon_interval_s=pace.beacon_interval_s,
            mtu=_MODERN_MTU if profile.is_modern else DEFAULT_MTU,
        )
        self.peripheral.faults = faults or Faults()
        self.peripheral.accepts_pairing = not profile.is_modern
        self._appliance = Appliance(self.peripheral, pace=pace, advertising=self._advertising)
        self._appliance.on_connected = self._connected
        self._appliance.on_heard = self._heard
        self._appliance.on_hung_up = self._hung_up

    @property
    def records(self) -> tuple[CuffRecord, ...]:
        """Everything ever stored, oldest first."""
        return tuple(self._records)

    # ── what a person does with it ───────────────────────────────────────────────────────────

    async def measure(
        self,
        systolic: int,
        diastolic: int,
        pulse: int,
        *,
        user: int = 1,
        status: StatusFlag = StatusFlag.NONE,
    ) -> CuffRecord:
        """Measure now (mmHg, beats/min), remember the result and go on the air."""
        record = self.remember(systolic, diastolic, pulse, user=user, status=status)
        self._appliance.wake()
        return record

    def remember(
        self,
        systolic: int,
        diastolic: int,
        pulse: int,
        *,
        ago: timedelta = timedelta(),
        user: int = 1,
        status: StatusFlag = StatusFlag.NONE,
    ) -> CuffRecord:
        """Put a measurement taken `ago` into the memory of `user`, who is numbered from 1."""
        faults = Faults() if ago else self.peripheral.faults
        failed = faults.failed_measurement
        record = CuffRecord(
            systolic=None if failed else Decimal(systolic),
            diastolic=None if failed else Decimal(diastolic),
            mean=None,
            pulse=None if failed else Decimal(pulse),
            taken_at=(self.clock.read() - ago).replace(microsecond=0),
            user=user,
            status=status,
        )
        self.memory.store(record, is_damaged=faults.damaged_record)
        self._records.append(record)
        self._appliance.announce()
        return record

    def press_bluetooth_button(self) -> None:
        """Go on the air to be read, unless the last host never finished its pairing."""
        if self._wakes_by_button:
            self._appliance.wake()

    def hold_bluetooth_button(self) -> None:
        """Enter pairing mode."""
        self._in_pairing_mode = self.peripheral.accepts_pairing = True
        self._show("-P-")
        self._appliance.wake()

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    # ── the radio ────────────────────────────────────────────────────────────────────────────

    @property
    def _link(self) -> Connection | None:
        return self.peripheral.connection

    def _show(self, text: str | None) -> None:
        self.peripheral.display = text

    def _advertising(self) -> AdvertisingData:
        profile = self.profile
        prefix = "BLEsmart_" if self._in_pairing_mode else "BLESmart_"
        smart_name = (
            f"{prefix}{self.group}{profile.model_id}{self.peripheral.address.replace(':', '')}"
        )
        unread = self.memory.unread
        flags = len(unread) - 1
        flags |= 0 if self.clock.is_set else 0x04
        flags |= 0x08 if self._in_pairing_mode else 0
        counts = (struct.pack("<HB", *counts) for _, counts in sorted(unread.items()))
        return AdvertisingData(
            name=profile.model if profile.model_id is None else smart_name,
            service_uuids=(MODERN_SERVICE if profile.is_modern else BLOOD_PRESSURE_SERVICE,),
            manufacturer_data={OMRON_COMPANY: bytes((0x01, flags)) + b"".join(counts)},
        )

    def _connected(self, connection: Connection) -> None:
        self.lock.lock()
        self.session.was_completed = False
        self._was_bonded = connection.is_encrypted
        self._asked_for_security = False
        self._assembler = FrameAssembler()

    def _heard(self) -> None:
        """Ask for a bond once the host listens to the first channel of a classic cuff."""
        link = self._link
        if link is None or self._asked_for_security or not link.is_subscribed(self._services.rx[0]):
            return
        self._asked_for_security = True
        link.request_security()

    def _hung_up(self) -> None:
        self.session.abandon()
        if self.session.was_completed:
            self._wakes_by_button = True
            self._leave_pairing_mode()
            self._appliance.sleep()
        elif self.lock.was_programmed:
            self._wakes_by_button = False
        elif self.profile.is_modern and not self._was_bonded:
            self.peripheral.has_bond = False  # paired, but never registered by a session

    def _leave_pairing_mode(self) -> None:
        if self._in_pairing_mode:
            self._show(None)
        self._in_pairing_mode = False
        self.peripheral.accepts_pairing = not self.profile.is_modern

    # ── what the host writes ─────────────────────────────────────────────────────────────────

    def _unlocking(self, value: bytes) -> None:
        if (reply := self.lock.answer(value)) is not None:
            self._appliance.say(self._services.unlock, reply)

    def _commanded(self, channel: int, value: bytes) -> None:
        frame = self._assembler.add(channel, value)
        if frame is None or not self.lock.is_open:
            return
        reply = self.session.answer(frame)
        if reply is None:
            return
        self._appliance.say_frame(reply, self._cut)
        if self._drops_link_at(reply):
            self._appliance.hang_up()

    def _drops_link_at(self, reply: bytes) -> bool:
        address = int.from_bytes(reply[3:5], "big")
        is_records = reply[1:3] == _READ_REPLY and self.memory.is_record(address)
        return is_records and self.peripheral.faults.lose_link_mid_transfer

    def _cut(self, frame: bytes) -> Pieces:
        if self.profile.is_modern:
            return [(self._services.rx[0], frame)]
        pieces = [frame[at : at + PIECE] for at in range(0, len(frame), PIECE)]
        return list(zip(self._services.rx, pieces, strict=False))
