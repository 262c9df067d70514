"""Omron devices that hand out numbered records: scales for a user, and the cuff BP7900.

All records are fetched each time and stay where they are; what is new is judged by their times and
numbers. A scale wants a consent: that of the user slot which enrolling took for this computer, or
the guest's. A transfer that broke off tells only what is certain by itself; the rest comes again.

Source: public programs for these devices, named in `ble.omron.extension_session`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from secrets import randbelow

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT, USER_CONTROL_POINT
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.clock_setting import set_current_time
from ohx_desktop.ble.codec.user_control import HIGHEST_CONSENT_CODE
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.omron.extension_records import Judged, newest_first, records_of
from ohx_desktop.ble.omron.extension_session import GUEST, ExtensionVisit, register
from ohx_desktop.ble.omron.uuids import EXTENSIONS
from ohx_desktop.ble.service_user import ServiceUser, kept_form, service_user_of
from ohx_desktop.ble.session import Conversation, identify, measure_clock_offset, settle
from ohx_desktop.domain.errors import DeviceError, Unsupported


async def read_extension(link: Link, conversation: Conversation) -> None:
    """Fetch the records and tell the readings.

    Raises PairingRefused where the scale does not know us, ConnectionLost, DeviceSilent,
    DeviceError, DeviceNotSet, and Unsupported for a device without the extension.
    """
    connected_s = asyncio.get_running_loop().time()
    characteristic = next((uuid for uuid in EXTENSIONS if uuid in link.characteristics), None)
    if characteristic is None:
        raise Unsupported("the device has no numbered records")
    conversation = await identify(link, conversation)
    offset = await measure_clock_offset(link, conversation)
    user = await _user(link, conversation)
    await settle(connected_s, conversation.recognised.settle_s)
    visit = ExtensionVisit(
        characteristic=characteristic,
        has_control_point=RECORD_ACCESS_CONTROL_POINT in link.characteristics,
    )
    burst = Burst.of(conversation, offset)
    try:
        await drive(link, visit.whole(user), conversation)
    except DeviceError:
        if not visit.is_complete:
            for record, _ in _records(visit, conversation):
                burst.rescue(record)
            raise
    _tell(visit, burst, conversation)
    await set_current_time(link, conversation, offset, burst.latest_stamp)


async def enrol_extension(link: Link, conversation: Conversation) -> None:
    """Take a user slot of a scale for this computer; a cuff has none.

    A slot that was taken before is kept. Raises DeviceError when all are taken, ConnectionLost,
    DeviceSilent, PairingRefused, and the KeystoreError family.
    """
    if USER_CONTROL_POINT not in link.characteristics:
        return
    conversation = await identify(link, conversation)
    secrets, address = conversation.secrets, conversation.address
    kept = await secrets.get(address) or ""
    # A store that keeps nothing shows before a slot is taken for good.
    await secrets.set(address, kept)
    if service_user_of(kept) is None:
        code = randbelow(HIGHEST_CONSENT_CODE + 1)
        user = await drive(link, register(code), conversation)
        await secrets.set(address, kept_form(user))


async def _user(link: Link, conversation: Conversation) -> ServiceUser | None:
    if USER_CONTROL_POINT not in link.characteristics:
        return None
    return service_user_of(await conversation.secrets.get(conversation.address)) or GUEST


def _records(visit: ExtensionVisit, conversation: Conversation) -> Sequence[Judged]:
    return records_of(visit.characteristic, visit.values, received_at=conversation.now())


def _tell(visit: ExtensionVisit, burst: Burst, conversation: Conversation) -> None:
    records = _records(visit, conversation)
    if len(records) < visit.counted:
        for record, _ in records:
            burst.rescue(record)
        raise DeviceError("the device sent fewer records than it has")
    for of_user in newest_first(records, visit.latest):
        # Numbers go up: behind an old record there are older ones only, and of those that tell no
        # time only the newest may be new.
        is_behind = False
        for age, (record, error) in enumerate(of_user):
            is_numbered = record.sequence is not None
            is_older = is_behind or (is_numbered and age > 0 and record.stamp is None)
            is_old = burst.add(replace(record, is_live=False if is_older else None), error)
            is_behind = is_behind or (is_numbered and is_old)
    burst.close()
