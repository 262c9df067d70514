"""A virtual Sanitas or Beurer scale of the FFE0 family: one characteristic, own frames.

The host writes commands, the scale notifies replies, and after every part of a list, a weight or
a result it waits for the host's acknowledgement. Frames begin with the model's high nibble:
`H7 command ...`; `H6`, `H9` and `HA` are the three others.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.virtual import ffe0_frames as frames
from ohx_desktop.virtual.appliance import Appliance, Pieces
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.device_services import battery, device_information
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.ffe0_memory import Ffe0Memory
from ohx_desktop.virtual.ffe0_parts import PartStream
from ohx_desktop.virtual.ffe0_profiles import Ffe0Command, Ffe0Profile
from ohx_desktop.virtual.ffe0_records import LIVE_TIME_BIT, Ffe0Record, Ffe0User, record_of
from ohx_desktop.virtual.gatt import Characteristic, Property, Service, uuid16
from ohx_desktop.virtual.peripheral import AdvertisingData, Peripheral
from ohx_desktop.virtual.profiles import Pace

FFE0_SERVICE = uuid16(0xFFE0)
FFE1 = uuid16(0xFFE1)

_INIT, _TIME, _FRAME, _END = 0x06, 0x09, 0x07, 0x0A
"""Low halves of the first byte."""

_Answer = Callable[[bytes], None]

_UID_LENGTH = 8
_NEW_USER_LENGTH = 16
_BOGUS_KG = Decimal("14.95")
"""What the first live frame may show, before anybody stands still."""


class Ffe0Scale:
    """A scale of the given model. Call `close` when done; it owns tasks while it is awake.

    `now` is the true time. The scale's clock is UTC; it is right from the beginning unless
    `clock_is_set` is False, and then starts at its epoch.
    """

    def __init__(
        self,
        profile: Ffe0Profile,
        *,
        address: str,
        serial: str = "00001",
        now: Now = system_now,
        clock_offset: timedelta = timedelta(),
        clock_is_set: bool = True,
        pace: Pace | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.profile = profile
        self.memory = Ffe0Memory(max_users=profile.max_users, depth=profile.memory_per_user)
        self.is_dozing = False
        self._now = now
        self._clock_offset_s = int(clock_offset.total_seconds())
        if not clock_is_set:
            self._clock_offset_s = -int(now().timestamp())
        self._pace = pace or profile.pace
        self._head = profile.nibble | _FRAME
        self._ffe1 = Characteristic(
            uuid=FFE1,
            properties=frozenset({Property.WRITE, Property.NOTIFY}),
            on_write=self._heard,
        )
        self.peripheral = self._make_peripheral(address, serial)
        self.peripheral.faults = faults or Faults()
        self._appliance = Appliance(self.peripheral, pace=self._pace, advertising=self._advertising)
        self._appliance.on_connected = self._connected
        self._appliance.on_hung_up = self._hung_up
        self._parts = PartStream(say=self._say, on_end=self._fetched)
        self._is_started = False
        self._wants_live = False
        self._unfetched: tuple[Ffe0Record, Ffe0User | None] | None = None
        self._answers: dict[int, _Answer] = {
            Ffe0Command.STATUS: self._tell_status,
            Ffe0Command.UNIT: lambda _: self._reply(Ffe0Command.UNIT, 0),
            Ffe0Command.LIST_USERS: self._list_users,
            Ffe0Command.USER_DETAILS: self._tell_details,
            Ffe0Command.ADD_USER: self._add_user,
            Ffe0Command.STORED: self._tell_stored,
            Ffe0Command.DELETE_STORED: self._delete_stored,
            Ffe0Command.UNKNOWN: self._tell_unknown,
            Ffe0Command.LIVE: self._go_live,
        }

    @property
    def is_listened_to(self) -> bool:
        """Whether a host has asked for live results."""
        return self._is_started and self._wants_live

    # ── what a person does with it ───────────────────────────────────────────────────────────

    async def weigh(self, weight_kg: Decimal | str, *, has_bare_feet: bool = True) -> Ffe0Record:
        """Step on. A host that listens sees weights at once and a result some time later.

        A command that is being answered is broken off.
        """
        weight = Decimal(weight_kg)
        user = self.memory.person_of(weight)
        self._appliance.wake()
        if self._is_started:
            live = frames.weight(self._head, frames.LIVE, _BOGUS_KG)
            self._parts.start([live, frames.weight(self._head, frames.STABLE, weight)])
        await asyncio.sleep(self._pace.measuring_s)
        record = self._record(weight, user, has_bare_feet=has_bare_feet)
        if self.peripheral.faults.failed_measurement:
            return record
        if self.is_listened_to:
            self._unfetched = (record, user)
            self._parts.extend(self._result(record, user))
        else:
            self._store(record, user)
        return record

    def remember(
        self,
        weight_kg: Decimal | str,
        *,
        uid: bytes | None,
        ago: timedelta = timedelta(),
        has_bare_feet: bool = True,
    ) -> Ffe0Record:
        """Put a weighing taken `ago` into the memory of a user; uid None: of nobody known."""
        user = None if uid is None else self.memory.users[uid]
        record = self._record(Decimal(weight_kg), user, has_bare_feet=has_bare_feet, ago=ago)
        self._store(record, user)
        return record

    def step_on(self) -> None:
        """Touch it with a foot: it goes on the air."""
        self._appliance.wake()

    def press_button(self) -> None:
        """Wake it, also from its doze."""
        self.is_dozing = False
        self._appliance.wake()

    def leave_alone(self) -> None:
        """Leave it idle for long."""
        self.is_dozing = self.profile.dozes

    async def close(self) -> None:
        """Take the batteries out."""
        await self._appliance.close()

    # ── memory ───────────────────────────────────────────────────────────────────────────────

    @property
    def epoch_s(self) -> int:
        """What its clock shows, in UTC seconds."""
        return int(self._now().timestamp()) + self._clock_offset_s

    def _record(
        self,
        weight_kg: Decimal,
        user: Ffe0User | None,
        *,
        has_bare_feet: bool,
        ago: timedelta = timedelta(),
    ) -> Ffe0Record:
        epoch_s = max(0, self.epoch_s - int(ago.total_seconds()))
        return record_of(weight_kg, epoch_s=epoch_s, user=user, has_bare_feet=has_bare_feet)

    def _store(self, record: Ffe0Record, user: Ffe0User | None) -> None:
        if not self.memory.store(record, user):
            self.peripheral.display = "Full"

    # ── the link ─────────────────────────────────────────────────────────────────────────────

    def _make_peripheral(self, address: str, serial: str) -> Peripheral:
        profile = self.profile
        information = device_information(
            manufacturer=profile.manufacturer, model=profile.model, serial=serial, firmware="V1.0"
        )
        return Peripheral(
            address=address,
            services=[
                Service(uuid=FFE0_SERVICE, characteristics=[self._ffe1]),
                information,
                battery(),
            ],
            beacon_interval_s=self._pace.beacon_interval_s,
        )

    def _advertising(self) -> AdvertisingData:
        return AdvertisingData(name=self.profile.name, service_uuids=(FFE0_SERVICE,))

    def _connected(self, _: Connection) -> None:
        self._parts.drop()
        self._is_started = self._wants_live = False

    def _hung_up(self) -> None:
        """Keep a live result that no host acknowledged to its end."""
        self._is_started = False
        if self._unfetched is not None:
            self._store(*self._unfetched)
            self._unfetched = None

    def _say(self, frame: bytes) -> None:
        self._appliance.say_frame(frame, self._whole)

    def _whole(self, frame: bytes) -> Pieces:
        return [(self._ffe1, frame)]

    def _reply(self, command: Ffe0Command, *values: int) -> None:
        self._say(frames.reply(self._head, command, *values))

    def _fetched(self) -> None:
        """Note that a live result was acknowledged to its end."""
        if self._unfetched is not None:
            self.memory.recognise(*self._unfetched)
            self._unfetched = None

    # ── what the host writes ─────────────────────────────────────────────────────────────────

    def _heard(self, value: bytes) -> None:
        if self.is_dozing or not value or value[0] & 0xF0 != self.profile.nibble:
            return
        kind, rest = value[0] & 0x0F, value[1:]
        if kind == _INIT and rest == b"\x01":
            self._is_started = True
            self._say(bytes((self.profile.nibble | _INIT, 0x00, self.profile.init_reply)))
        elif kind == _TIME and len(rest) == 4:  # noqa: PLR2004 - seconds in 32 bits
            self._clock_offset_s = int.from_bytes(rest, "big") - int(self._now().timestamp())
        elif kind == _END and rest == b"\x02":
            self._appliance.sleep()
            self._appliance.hang_up()
        elif kind == _FRAME and rest and self._is_started:
            self._command(rest[0], rest[1:])

    def _command(self, command: int, parameter: bytes) -> None:
        if command == Ffe0Command.ACKNOWLEDGE:
            self._parts.acknowledge(parameter)
        elif command in self._answers:
            self._parts.drop()
            self._answers[command](parameter)

    def _tell_status(self, uid: bytes) -> None:
        stored = self.memory.stored.get(uid)
        has_records = bool(stored)
        self._say(frames.status(self._head, is_known=stored is not None, has_records=has_records))

    def _list_users(self, _: bytes) -> None:
        users = list(self.memory.users.values())
        self._reply(Ffe0Command.LIST_USERS, 0, len(users), self.profile.max_users)
        self._parts.start(frames.user_rows(self._head, users))

    def _tell_details(self, uid: bytes) -> None:
        user = self.memory.users.get(uid)
        details = b"" if user is None else user.details()
        self._reply(Ffe0Command.USER_DETAILS, frames.NO if user is None else frames.YES, *details)

    def _add_user(self, parameter: bytes) -> None:
        if len(parameter) != _NEW_USER_LENGTH:
            return
        uid, name = parameter[:_UID_LENGTH], parameter[_UID_LENGTH:11]
        year, month, day, height_cm, sex_and_activity = parameter[11:]
        user = Ffe0User(
            uid=uid,
            name=name,
            birth_year=1900 + year,
            birth_month=month + 1,
            birth_day=day,
            height_cm=height_cm,
            is_male=bool(sex_and_activity & 0x80),
            activity=sex_and_activity & 0x0F,
        )
        self._reply(Ffe0Command.ADD_USER, self.memory.add_user(user))

    def _tell_stored(self, uid: bytes) -> None:
        parts = frames.stored_parts(self._head, self.memory.stored.get(uid, []))
        self._reply(Ffe0Command.STORED, len(parts), 0)
        self._parts.start(parts)

    def _delete_stored(self, uid: bytes) -> None:
        if uid in self.memory.stored:
            self.memory.stored[uid].clear()
            self.peripheral.display = None
        self._reply(Ffe0Command.DELETE_STORED, 0)

    def _tell_unknown(self, _: bytes) -> None:
        rows = frames.unknown_rows(self._head, self.memory.unknown)
        self._reply(Ffe0Command.UNKNOWN, frames.YES if rows else frames.NO)
        self._parts.start(rows)

    def _go_live(self, _: bytes) -> None:
        self._wants_live = True
        self._reply(Ffe0Command.LIVE, 0)

    def _result(self, record: Ffe0Record, user: Ffe0User | None) -> list[bytes]:
        return frames.result_parts(
            self._head,
            record,
            bytes(_UID_LENGTH) if user is None else user.uid,
            time_bits=LIVE_TIME_BIT if self.profile.marks_live_time else 0,
        )
