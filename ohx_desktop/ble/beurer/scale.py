"""A session with a SIG scale of Beurer, as steps: consent, profile, weighing, and a clean leave.

The scale files whoever stands on it under the user who consented last, and that outlives the
connection: the next person would be weighed as the one before. So a session clears the consent
before it leaves, and what came before its own measurement was asked for is told as stored.

One service user is enough for a place where people come and go. Without a profile of the person
only weights are told; with one, the neutral profile is written back at the end.

Sources: BF600 Data Form v002 (printed by the maker); captures of BF720, BF788, SBF73 and BF915.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from ohx_desktop.ble.assigned_numbers import CURRENT_TIME, USER_CONTROL_POINT
from ohx_desktop.ble.beurer.scale_layout import ScaleLayout
from ohx_desktop.ble.beurer.scale_profile import (
    NEUTRAL,
    Profile,
    write_back_profile,
    write_profile,
)
from ohx_desktop.ble.beurer.scale_values import (
    REQUEST_USER_LIST,
    START_MEASUREMENT,
    ListedUser,
    ListEnd,
    MeasurementState,
    decode_measurement_state,
    decode_user_list,
)
from ohx_desktop.ble.beurer.scale_weighing import Weighings
from ohx_desktop.ble.codec.current_time import encode_current_time
from ohx_desktop.ble.codec.user_control import (
    OpCode,
    Result,
    UserAnswer,
    UserRequest,
    decode_user_answer,
    encode_user_request,
)
from ohx_desktop.ble.dialogue import (
    Dialogue,
    Heard,
    Subscribe,
    Tell,
    Write,
    hear,
    host_time,
)
from ohx_desktop.ble.service_user import ServiceUser
from ohx_desktop.domain.errors import DecodingError, DeviceError, DeviceSilent

# The general limit of an answer to a GATT procedure; scales answer in under a second.
ANSWER_S = 30.0
# When every slot is taken, nothing may end the user list.
LIST_SILENCE_S = 2.0
# Stored records come about four seconds after the consent.
BACKLOG_S = 6.0
# The scale gives up after two minutes, and says so.
MEASUREMENT_S = 125.0
# A consent given meanwhile would tag a running measurement anew.
MEASUREMENT_END_S = 20.0


class Consent(Enum):
    """What the scale makes of our user."""

    GIVEN = "given"
    UNKNOWN_USER = "unknown-user"
    """Our slot or code is gone, as after a change of batteries: register again, tell an admin."""


@dataclass(slots=True, kw_only=True)
class ScaleSession:
    """One connection to a scale, bonded before. `profile` is the person's, None for weight only.

    Every method is a dialogue that raises DeviceSilent, DeviceError and what its runner throws.
    The order: `prepare`, then `register` if there is no user yet, `consent`, `weigh`, `leave`.
    """

    layout: ScaleLayout
    profile: Profile | None = None
    _weighings: Weighings = field(init=False)
    _is_measuring: bool = False
    _has_asked: bool = False
    _may_have_active_user: bool = True

    def __post_init__(self) -> None:
        self._weighings = Weighings(keeps_estimates=self.profile is not None)

    @property
    def may_have_active_user(self) -> bool:
        """Tell whether the next person could be taken for a user of the scale."""
        return self._may_have_active_user

    def prepare(self) -> Dialogue[None]:
        """Subscribe in the order of the maker's program and set the clock, which must be set."""
        for characteristic in self.layout.subscriptions:
            yield Subscribe(characteristic)
        now = yield from host_time()
        yield Write(CURRENT_TIME, encode_current_time(now.replace(tzinfo=None)))

    def list_users(self) -> Dialogue[tuple[int, ...]]:
        """Return the slots that are taken; none after a change of batteries."""
        yield Write(self.layout.user_list, REQUEST_USER_LIST)
        indexes: list[int] = []
        while (heard := (yield from self._hear(LIST_SILENCE_S))) is not None:
            if heard.characteristic != self.layout.user_list:
                continue
            row = _decoded_row(heard.value)
            if isinstance(row, ListedUser):
                indexes.append(row.index)
            elif isinstance(row, ListEnd):
                break
        return tuple(indexes)

    def register(self, code: int) -> Dialogue[ServiceUser]:
        """Take a slot for ourselves. `code` is random, 0..9999."""
        answer = yield from self._ask(UserRequest(op_code=OpCode.REGISTER, consent_code=code))
        if answer.result is Result.OPERATION_FAILED:
            raise DeviceError(
                "every user slot of the scale is taken",
                hint="delete a user in the menu of the scale, then enrol it again",
            )
        if answer.result is not Result.SUCCESS or answer.user_index is None:
            raise DeviceError("the scale did not register this computer")
        user = ServiceUser(index=answer.user_index, code=code)
        if (yield from self.consent(user)) is not Consent.GIVEN:
            raise DeviceError("the scale does not accept the user it has just registered")
        yield from write_profile(self.layout, NEUTRAL)
        return user

    def consent(self, user: ServiceUser) -> Dialogue[Consent]:
        """Act as our user, put the profile in place, and take what the scale has stored.

        A scale that does not answer is not used: nobody could tell who is active.
        """
        yield from self._finish_measurement()
        self._weighings.only_user = user.index
        answer = yield from self._ask(
            UserRequest(op_code=OpCode.CONSENT, user_index=user.index, consent_code=user.code)
        )
        if answer.result is Result.NOT_AUTHORISED:
            self._may_have_active_user = False
            return Consent.UNKNOWN_USER
        if answer.result is not Result.SUCCESS:
            raise DeviceError("the scale refused the consent")
        self._may_have_active_user = True
        if self.profile is None:
            yield from write_back_profile(self.layout)
        else:
            yield from write_profile(self.layout, self.profile)
        while (yield from self._hear(BACKLOG_S)) is not None:
            pass
        yield from self._tell_rest()
        return Consent.GIVEN

    def weigh(self) -> Dialogue[MeasurementState]:
        """Take a measurement of whoever steps on, and return how it went."""
        yield Write(self.layout.take_measurement, START_MEASUREMENT)
        self._is_measuring = self._has_asked = True
        state = yield from self._measurement_state(MEASUREMENT_S)
        if state is None:
            raise DeviceSilent("the scale does not tell how the measurement ended")
        return state

    def leave(self) -> Dialogue[None]:
        """Put the neutral profile back and clear the active user, who would outlive the link."""
        yield from self._finish_measurement()
        if self.profile is not None and self._may_have_active_user:
            yield from write_profile(self.layout, NEUTRAL)
        nobody = UserRequest(op_code=OpCode.CONSENT, user_index=0, consent_code=0)
        answer = yield from self._ask(nobody)
        self._may_have_active_user = answer.result is not Result.NOT_AUTHORISED
        yield from self._tell_rest()

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def _ask(self, request: UserRequest) -> Dialogue[UserAnswer]:
        yield Write(USER_CONTROL_POINT, encode_user_request(request))
        while (heard := (yield from self._hear(ANSWER_S))) is not None:
            if heard.characteristic != USER_CONTROL_POINT:
                continue
            try:
                answer = decode_user_answer(heard.value)
            except DecodingError as error:
                raise DeviceError("the scale answers in a way this program lacks") from error
            if answer.op_code == request.op_code:
                return answer
        raise DeviceSilent("the scale does not answer")

    def _finish_measurement(self) -> Dialogue[None]:
        if self._is_measuring:
            yield from self._measurement_state(MEASUREMENT_END_S)
            self._is_measuring = False

    def _measurement_state(self, patience_s: float) -> Dialogue[MeasurementState | None]:
        while (heard := (yield from self._hear(patience_s))) is not None:
            if heard.characteristic != self.layout.take_measurement:
                continue
            try:
                state = decode_measurement_state(heard.value)
            except DecodingError:
                continue
            self._is_measuring = False
            yield from self._tell_rest()
            return state
        return None

    def _hear(self, timeout_s: float) -> Dialogue[Heard | None]:
        """Return the next value; measurements among them are told by the way."""
        heard = yield from hear(timeout_s)
        if heard is not None:
            for news in self._weighings.add(heard.characteristic, heard.value):
                yield self._as_told(Tell(news))
        return heard

    def _tell_rest(self) -> Dialogue[None]:
        for news in self._weighings.close():
            yield self._as_told(Tell(news))

    def _as_told(self, told: Tell) -> Tell:
        """Mark what came before a measurement was asked for: it lay in the memory."""
        if self._has_asked or isinstance(told.news, DecodingError):
            return told
        measured = replace(told.news.measured, from_storage=True)
        return Tell(replace(told.news, measured=measured, is_live=False))


def _decoded_row(value: bytes) -> ListedUser | ListEnd | None:
    try:
        return decode_user_list(value)
    except DecodingError:
        return None  # such as the answer to a request to show a code
