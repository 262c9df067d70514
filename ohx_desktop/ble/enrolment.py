"""Enrol a device: hear it, pair with it, ask who it is.

What it says then is what later sessions are compared with.
"""

import asyncio

from ohx_desktop.ble.device_registry import EnrolledDevice
from ohx_desktop.ble.link import Radio
from ohx_desktop.ble.registry import Recognised, recognise
from ohx_desktop.ble.session import CONNECT_S, Conversation, read_identity
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import DeviceNotFound, RadioReason, RadioUnavailable, Unsupported


async def meet_device(
    radio: Radio, address: str, *, deadline_s: float, now: Now = system_now
) -> EnrolledDevice:
    """Return the device at `address`, paired and asked for its identity.

    Raises DeviceNotFound, Unsupported, PairingRefused and the other DeviceErrors.
    """
    try:
        async with asyncio.timeout(deadline_s):
            recognised, name = await _hear(radio, address)
            async with radio.connect(address, deadline_s=CONNECT_S) as link:
                await link.pair()
                conversation = Conversation(
                    address=address,
                    name=name,
                    recognised=recognised,
                    session_began=now(),
                    now=now,
                    first_met=lambda _frame: None,
                    listening=object(),
                )
                identity = await read_identity(link, conversation)
    except TimeoutError:
        raise DeviceNotFound(
            f"the device was not heard or did not finish within {deadline_s:g} s",
            meaning="it was not registered",
            hint="put it into pairing mode near this computer and try again",
        ) from None
    return EnrolledDevice(identity=identity, driver=recognised.driver, enrolled_at=now())


async def _hear(radio: Radio, address: str) -> tuple[Recognised, str | None]:
    async with radio.scan() as advertisements:
        async for advertisement in advertisements:
            if advertisement.address.upper() != address.upper():
                continue
            recognised = recognise(advertisement)
            if recognised is None:
                raise Unsupported(
                    "this program does not read devices of this kind",
                    meaning="it was not registered",
                )
            return recognised, advertisement.name
    raise RadioUnavailable("the scan ended by itself", reason=RadioReason.UNKNOWN)
