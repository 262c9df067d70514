"""Beurer's SIG scales: consent as our service user, weigh whoever steps on, clear the consent.

The scale files the next person under whoever consented last, so the consent is cleared on every
way out while the link is up. Only the weight is told: estimates would be those of our user's
profile. The clock is set, as without a time the scale does not work.

A person may stand on the scale before it is asked to weigh: that is what woke it. Such a weighing
is judged by its time, provided that the clock was right before we set it; else it counts as stored.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from secrets import randbelow

from ohx_desktop.ble.assigned_numbers import CURRENT_TIME
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.beurer.scale import Consent, ScaleSession
from ohx_desktop.ble.beurer.scale_layout import ScaleLayout
from ohx_desktop.ble.beurer.scale_values import MeasurementState
from ohx_desktop.ble.burst import Burst
from ohx_desktop.ble.codec.user_control import HIGHEST_CONSENT_CODE
from ohx_desktop.ble.dialogue import Dialogue, T, host_time, read
from ohx_desktop.ble.driving import drive
from ohx_desktop.ble.link import Link
from ohx_desktop.ble.memory import CLOCK_TOLERANCE
from ohx_desktop.ble.scale_record import ScaleRecord
from ohx_desktop.ble.service_user import ServiceUser, kept_form, service_user_of
from ohx_desktop.ble.session import Conversation, clock_offset, identify
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    MeasurementFailed,
    OhxError,
    PairingRefused,
    Unsupported,
)

# Backlog, up to two minutes until somebody steps on, and the goodbye.
_SESSION_S = 200.0
# A consent given while it measures would tag the measurement anew, so its end is waited for.
_LEAVE_S = 25.0

_NOT_ENROLLED = "put the scale into pairing mode and enrol it again"


async def read_sig_scale(link: Link, conversation: Conversation) -> None:
    """Weigh one person and tell the reading; what the scale had stored is told as stored.

    Nobody stepping on is no failure. Raises PairingRefused where the scale does not know us,
    ConnectionLost, DeviceSilent, DeviceError.
    """
    conversation = await identify(link, conversation)
    session = ScaleSession(layout=_layout(conversation))
    user = service_user_of(await conversation.secrets.get(conversation.address))
    if user is None:
        raise PairingRefused("this computer has no user slot in the scale", hint=_NOT_ENROLLED)
    visit = _Weighing(session, user, Burst.of(conversation))
    try:
        state = await drive(
            link,
            visit.whole(),
            conversation,
            on_news=visit.take,
            session_s=_SESSION_S,
            leave_s=_LEAVE_S,
        )
    finally:
        visit.burst.close()
    if state is MeasurementState.NO_USER:
        raise DeviceError("the scale does not know for whom it weighs", hint=_NOT_ENROLLED)


async def enrol_sig_scale(link: Link, conversation: Conversation) -> None:
    """Take a user slot of the scale for this computer, and keep its index and code.

    Raises DeviceError when all slots are taken, ConnectionLost, DeviceSilent, PairingRefused, and
    the KeystoreError family.
    """
    conversation = await identify(link, conversation)
    secrets, address = conversation.secrets, conversation.address
    kept = await secrets.get(address) or ""
    # A store that keeps nothing shows before a slot is taken for good.
    await secrets.set(address, kept)
    user = await drive(
        link,
        _registration(ScaleSession(layout=_layout(conversation)), service_user_of(kept)),
        conversation,
        leave_s=_LEAVE_S,
    )
    await secrets.set(address, kept_form(user))


def _registration(session: ScaleSession, known: ServiceUser | None) -> Dialogue[ServiceUser]:
    """Return the slot we have, if the scale still knows it, or a new one."""
    yield from session.prepare()
    return (yield from _leaving(session, _slot(session, known)))


def _slot(session: ScaleSession, known: ServiceUser | None) -> Dialogue[ServiceUser]:
    if known is not None and (yield from session.consent(known)) is Consent.GIVEN:
        return known
    return (yield from session.register(randbelow(HIGHEST_CONSENT_CODE + 1)))


def _leaving(session: ScaleSession, body: Dialogue[T]) -> Dialogue[T]:
    """Run a dialogue and clear the consent after it, however it ends while the link is up."""
    try:
        result = yield from body
    except ConnectionLost:
        raise
    except OhxError:
        with suppress(DeviceError):
            yield from session.leave()
        raise
    with suppress(ConnectionLost):  # what was weighed is good, even so
        yield from session.leave()
    return result


class _Weighing:
    """One visit to the scale."""

    def __init__(self, session: ScaleSession, user: ServiceUser, burst: Burst) -> None:
        self.burst = burst
        self._session = session
        self._user = user
        self._is_weighing = False
        self._was_clock_right = False

    def whole(self) -> Dialogue[MeasurementState]:
        """Prepare, take what is stored, weigh, and leave."""
        found = yield from _clock_offset()
        self._was_clock_right = found is not None and abs(found) <= CLOCK_TOLERANCE
        yield from self._session.prepare()
        offset = yield from _clock_offset()
        # A clock set only now vouches for no time it wrote before.
        self.burst.judge_by(offset if self._was_clock_right else None)
        return (yield from _leaving(self._session, self._weigh()))

    def take(self, news: ScaleRecord | DecodingError) -> None:
        """Take a record, or the refusal of one."""
        if isinstance(news, DecodingError):
            # What failed is not kept by the scale, so it failed before our eyes.
            has_failed_now = self._is_weighing or isinstance(news, MeasurementFailed)
            self.burst.refuse(news, stored=not has_failed_now)
        elif self._was_clock_right:
            self.burst.take(
                replace(news, measured=replace(news.measured, from_storage=False), is_live=None)
            )
        else:
            self.burst.take(news)

    def _weigh(self) -> Dialogue[MeasurementState]:
        consent = yield from self._session.consent(self._user)
        if consent is Consent.UNKNOWN_USER:
            raise PairingRefused(
                "the scale no longer knows this computer, as after a change of its batteries",
                hint=_NOT_ENROLLED,
            )
        if self.burst.has_new:
            return MeasurementState.SUCCESS
        self._is_weighing = True
        state = yield from self._session.weigh()
        if state is MeasurementState.FAILED:
            self.burst.refuse(MeasurementFailed("the scale could not weigh"), stored=False)
        return state


def _clock_offset() -> Dialogue[timedelta | None]:
    before = yield from host_time()
    shown = yield from read(CURRENT_TIME)
    after = yield from host_time()
    return clock_offset(shown or b"", before, after)


def _layout(conversation: Conversation) -> ScaleLayout:
    model = model_named(conversation.recognised.model or "")
    if model is None or model.layout is None:
        raise Unsupported("this program does not know how this scale is spoken to")
    return model.layout
