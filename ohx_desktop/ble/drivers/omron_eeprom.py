"""Omron devices whose memory is read by Omron's own protocol: by a key of ours, or by the bond.

The newest records come first, so that a person need not wait for the whole memory; then all of it
is read and told as stored. Nothing is written to the device but what opens it: clock and unread
counters stay as they are unless an administrator wants them written for the model.

Source: public programs for these devices, named in `ble.omron`.
"""

import asyncio
import secrets
from dataclasses import replace

from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.confirming import memory_map
from ohx_desktop.ble.dialogue import Dialogue
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.memory import CLOCK_TOLERANCE
from ohx_desktop.ble.omron.eeprom import Eeprom
from ohx_desktop.ble.omron.handshake import KEY_LENGTH, TOKEN_LENGTH, enrol, in_session
from ohx_desktop.ble.omron.memory_content import (
    ClockSample,
    MemoryContent,
    StoredRecord,
    clear_unread_counters,
    read_memory,
    set_clock,
)
from ohx_desktop.ble.omron.memory_map import MemoryMap, Unlock
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import Conversation, identify, settle
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceNotSet,
    NotInPairingMode,
    PairingRefused,
)
from ohx_desktop.domain.flags import Flag

# One press of the button measures up to three times.
_NEWEST = 3


async def read_omron_eeprom(link: Link, conversation: Conversation) -> None:
    """Read the memory of the device and tell its readings.

    Raises PairingRefused without the right key or bond, ConnectionLost, DeviceSilent, DeviceError,
    DeviceNotSet, and Unsupported for a model whose memory nobody has read.
    """
    connected_s = asyncio.get_running_loop().time()
    conversation = await identify(link, conversation)
    memory = _memory(link, conversation)
    secret = await _secret(conversation, memory)
    await settle(connected_s, conversation.recognised.settle_s)
    reading = _MemoryReading(conversation, memory)
    await drive(link, in_session(memory, secret, reading.whole), conversation)


async def enrol_omron(link: Link, conversation: Conversation) -> None:
    """Make this computer known to a device in pairing mode.

    The key is kept before it is given away, and one that is kept already is given again: so no
    failure leaves the device with a key that nobody knows. Raises as `read_omron_eeprom` does, and
    NotInPairingMode and the KeystoreError family.
    """
    conversation = await identify(link, conversation)
    memory = _memory(link, conversation)
    if conversation.recognised.pairing_mode is False:
        # Asked for a key outside pairing mode, some cuffs hear nothing else any more.
        raise NotInPairingMode("the device is not in pairing mode")
    if memory.unlock is Unlock.KEY and await conversation.secrets.get(link.address) is None:
        await conversation.secrets.set(link.address, secrets.token_hex(KEY_LENGTH))
    secret = await _secret(conversation, memory)
    await drive(link, enrol(memory, secret), conversation)


def _memory(link: Link, conversation: Conversation) -> MemoryMap:
    return memory_map(conversation.recognised, conversation.who, link.services, conversation.policy)


async def _secret(conversation: Conversation, memory: MemoryMap) -> bytes | None:
    match memory.unlock:
        case Unlock.NONE:
            return None
        case Unlock.TOKEN:
            return secrets.token_bytes(TOKEN_LENGTH)
    kept = await conversation.secrets.get(conversation.address)
    try:
        key = bytes.fromhex(kept or "")
    except ValueError:
        key = b""
    if len(key) != KEY_LENGTH:
        raise PairingRefused("this computer keeps no key of the device")
    return key


class _MemoryReading:
    """What comes of one look at the memory."""

    def __init__(self, conversation: Conversation, memory: MemoryMap) -> None:
        self._conversation = conversation
        self._memory = memory
        self._burst = Burst.of(conversation)

    def whole(self, eeprom: Eeprom) -> Dialogue[None]:
        """Read the newest records, then all, unless those were all; then write what is wanted."""
        newest = yield from read_memory(eeprom, newest=_NEWEST)
        self._burst.judge_by(None if newest.clock is None else newest.clock.offset)
        has_more = any(
            len(ring.newest_first()) > _NEWEST and ring.next_slot is not None
            for ring in newest.rings
        )
        # Without a clock only the whole memory can judge; what is not told yet must come again
        # if the link breaks on the way.
        if newest.clock is not None or not has_more:
            self._take(newest)
        if has_more:
            self._take((yield from read_memory(eeprom, newest=None)))
        self._burst.close()
        yield from self._write_what_is_wanted(eeprom, newest.clock)

    def _take(self, content: MemoryContent) -> None:
        is_clock_set = self._memory.clock is None or content.clock is not None
        for ring in content.rings:
            # Where the pointer is right, slots are in the order of time: behind an old record
            # there are older ones only, even if they tell no time. Without a clock that was ever
            # set, only the newest may be new.
            is_behind = False
            for stored in (one for one in content.records if one.user == ring.user):
                record, error = self._record(stored)
                record = replace(
                    record, is_clock_set=is_clock_set, is_live=False if is_behind else None
                )
                is_old = self._burst.add(record, error) or not is_clock_set
                is_behind = ring.next_slot is not None and (is_behind or is_old)

    def _record(self, stored: StoredRecord) -> tuple[Record, DecodingError | None]:
        frames, received_at = (stored.raw,), self._conversation.now()
        is_proven = self._memory.is_proven
        try:
            measured = decode_stored_record(
                stored.raw, self._memory, user=stored.user, unconfirmed=not is_proven
            )
        except DecodingError as error:
            refused = Record(
                frames=frames, received_at=received_at, quantities=None, user_slot=stored.user
            )
            return refused, error
        record = Record.of(measured, frames, received_at=received_at)
        if not is_proven:
            record = replace(record, flags=record.flags | {Flag.UNPROVEN_MODEL})
        return record, None

    # ── only where an administrator switched it on ───────────────────────────────────────────

    def _write_what_is_wanted(self, eeprom: Eeprom, clock: ClockSample | None) -> Dialogue[None]:
        """Clear the unread counters and set the clock, each read back. Raises DeviceNotSet."""
        policy, memory = self._conversation.policy, self._memory
        try:
            if policy.clears_unread(memory):
                yield from clear_unread_counters(eeprom)
            if policy.sets_clock(memory.model) and self._may_set(clock):
                yield from set_clock(eeprom)
        except (ConnectionLost, DeviceNotSet):
            raise
        except (DecodingError, DeviceError) as error:
            raise DeviceNotSet(f"the device was not written to: {error.what}") from error

    def _may_set(self, clock: ClockSample | None) -> bool:
        """Tell whether the clock is wrong, and no record is later than the time it would get.

        Such a record would look new for so long.
        """
        if clock is not None and abs(clock.offset) <= CLOCK_TOLERANCE:
            return False
        newest = self._burst.latest_stamp
        now = self._conversation.now().astimezone().replace(tzinfo=None)
        return newest is None or newest < now
