"""Beurer's older scales with the service FFE0: greet, take what is stored, weigh, leave.

No bond and no user of ours: the scale is asked as nobody, and what it keeps stays where it is. Its
clock is set, as its program does: times of its records are wrong without.
"""

from contextlib import suppress

from ohx_desktop.ble.beurer.ffe0 import FFE1
from ohx_desktop.ble.beurer.ffe0_session import Visit
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.dialogue import Dialogue, Subscribe
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.ble.session import Conversation, identify
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    OhxError,
    Unsupported,
)

# A memory of many users, a minute until somebody steps on, and the composition.
_SESSION_S = 150.0


async def read_ffe0_scale(link: Link, conversation: Conversation) -> None:
    """Weigh one person and tell the reading; what the scale had stored is told as stored.

    Nobody stepping on is no failure. Raises ConnectionLost before a weighing, DeviceSilent,
    DeviceError, and Unsupported for a model of no table.
    """
    conversation = await identify(link, conversation)
    model = model_named(conversation.recognised.model or "")
    if model is None or model.variant is None:
        raise Unsupported("this program does not know how this scale is spoken to")
    burst = Burst.of(conversation)

    def take(news: ScaleRecord | DecodingError) -> None:
        if isinstance(news, DecodingError):
            burst.refuse(news, stored=False)
        else:
            burst.take(news)

    try:
        await drive(
            link, _whole(Visit(model.variant)), conversation, on_news=take, session_s=_SESSION_S
        )
    except ConnectionLost:
        if not burst.has_new:  # the scale switches itself off when it has weighed
            raise
    finally:
        burst.close()


def _whole(visit: Visit) -> Dialogue[None]:
    """Visit the scale, and have it disconnect however that ends."""
    yield Subscribe(FFE1)
    try:
        yield from visit.whole()
    except ConnectionLost:
        raise
    except OhxError:
        with suppress(DeviceError):
            yield from visit.leave()
        raise
