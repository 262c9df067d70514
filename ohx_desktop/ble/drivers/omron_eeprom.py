"""Omron devices whose memory is read by Omron's own protocol: by a key of ours, or by the bond.

The newest records come first, so that a person need not wait for the whole memory; then all of it
is read and told as stored. Nothing is written to the device but what opens it: clock and unread
counters stay as they are.

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
from ohx_desktop.ble.omron.eeprom import Eeprom
from ohx_desktop.ble.omron.handshake import KEY_LENGTH, TOKEN_LENGTH, enrol, in_session
from ohx_desktop.ble.omron.memory_content import MemoryContent, StoredRecord, read_memory
from ohx_desktop.ble.omron.memory_map import MemoryMap, Unlock
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.record import Record
from ohx_desktop.ble.session import Conversation, identify, settle
from ohx_desktop.domain.errors import DecodingError, PairingRefused

# One press of the button measures up to three times.
_NEWEST = 3


async def read_omron_eeprom(link: Link, conversation: Conversation) -> None:
    """Read the memory of the device and tell its readings.

    Raises PairingRefused without the right key or bond, ConnectionLost, DeviceSilent, DeviceError,
    and Unsupported for a model whose memory nobody has read.
    """
    connected_s = asyncio.get_running_loop().time()
    conversation = await identify(link, conversation)
    memory = memory_map(conversation.recognised, conversation.who, link.services)
    secret = await _secret(conversation, memory)
    await settle(connected_s, conversation.recognised.settle_s)
    reading = _MemoryReading(conversation, memory)
    await drive(link, in_session(memory, secret, reading.whole), conversation)
    reading.close()


async def enrol_omron(link: Link, conversation: Conversation) -> None:
    """Make this computer known to a device in pairing mode.

    The key is kept before it is given away, and one that is kept already is given again: so no
    failure leaves the device with a key that nobody knows. Raises as `read_omron_eeprom` does, and
    the KeystoreError family.
    """
    conversation = await identify(link, conversation)
    memory = memory_map(conversation.recognised, conversation.who, link.services)
    if memory.unlock is Unlock.KEY and await conversation.secrets.get(link.address) is None:
        await conversation.secrets.set(link.address, secrets.token_hex(KEY_LENGTH))
    secret = await _secret(conversation, memory)
    await drive(link, enrol(memory, secret), conversation)


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
        self._burst: Burst | None = None

    def whole(self, eeprom: Eeprom) -> Dialogue[None]:
        """Read the newest records, then all, unless those were all."""
        newest = yield from read_memory(eeprom, newest=_NEWEST)
        self._take(newest)
        if any(
            len(ring.newest_first()) > _NEWEST and ring.next_slot is not None
            for ring in newest.rings
        ):
            self._take((yield from read_memory(eeprom, newest=None)))

    def close(self) -> None:
        """Tell the readings that only the whole memory could judge."""
        if self._burst is not None:
            self._burst.close()

    def _take(self, content: MemoryContent) -> None:
        if self._burst is None:
            offset = None if content.clock is None else content.clock.offset
            self._burst = Burst.of(self._conversation, offset)
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
        try:
            measured = decode_stored_record(stored.raw, self._memory, user=stored.user)
        except DecodingError as error:
            refused = Record(
                frames=frames, received_at=received_at, quantities=None, user_slot=stored.user
            )
            return refused, error
        return Record.of(measured, frames, received_at=received_at), None
