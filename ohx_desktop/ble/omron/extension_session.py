"""Fetching the numbered records of Omron's extension: what was fetched stays in the device.

In plain standard mode a device hands out each record once; this way it can be asked again. Only
what is used is subscribed: HBF-222T refuses requests when standard measurements are on, too, and
shortly after a consent. Nothing is ever deleted.

Source: freesonwill/BleSampleOmron (order of requests); magcode/omviva and a reader of HBF-222T
(pauses); wildcommitter/omron-rs (BP7900).
"""

from dataclasses import dataclass, field

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT, USER_CONTROL_POINT
from ohx_desktop.ble.codec.record_access import (
    ALL_RECORDS,
    OpCode,
    Operator,
    RecordCount,
    RecordRequest,
    RecordResponse,
    ResponseCode,
    encode_record_request,
)
from ohx_desktop.ble.codec.user_control import (
    OpCode as UserOpCode,
)
from ohx_desktop.ble.codec.user_control import (
    Result,
    UserAnswer,
    UserRequest,
    decode_user_answer,
    encode_user_request,
)
from ohx_desktop.ble.dialogue import Dialogue, Pause, Subscribe, Write, hear
from ohx_desktop.ble.omron.control_points import (
    LATEST_SEQUENCE_REQUEST,
    LatestSequence,
    decode_omron_record_answer,
)
from ohx_desktop.ble.service_user import ServiceUser
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DecodingError,
    DeviceError,
    DeviceSilent,
    PairingRefused,
    RadioUnavailable,
)

GUEST = ServiceUser(index=0xFF, code=0)
"""Whoever weighs without being a user of the scale."""

_Answer = LatestSequence | RecordCount | RecordResponse

# Some stacks report a subscription before it is in force.
AFTER_SUBSCRIBING_S = 1.5
# A scale that was given a consent is busy for a while.
AFTER_CONSENT_S = 3.0
ANSWER_S = 5.0
# What a device that sends its records unasked leaves between two of them at most.
DUMP_SILENCE_S = 4.0
_REFUSALS = 2
# A ring holds 100 records, each of two packets; a device that sends more than this is broken.
_MOST_VALUES = 1000
_COUNT_ALL = RecordRequest(op_code=OpCode.REPORT_NUMBER, operator=Operator.ALL)


@dataclass(slots=True, kw_only=True)
class ExtensionVisit:
    """One connection. `characteristic` is the extension's measurement.

    `values` are its notifications in their order; `counted` is how many records there are, as far
    as the device said, and `latest` the number of the newest. `is_complete` tells that the device
    called the transfer finished.
    """

    characteristic: str
    has_control_point: bool
    values: list[bytes] = field(default_factory=list, repr=False)
    counted: int = 0
    latest: int | None = None
    is_complete: bool = False

    def whole(self, user: ServiceUser | None) -> Dialogue[None]:
        """Give consent for `user`, None where there are no users, and fetch all records.

        Raises PairingRefused for a user the scale does not know, DeviceSilent, DeviceError.
        """
        if user is not None:
            yield from _subscribe(USER_CONTROL_POINT)
        if self.has_control_point:
            yield from _subscribe(RECORD_ACCESS_CONTROL_POINT)
        yield from _subscribe(self.characteristic)
        if user is not None:
            yield from self._consent(user)
        if self.has_control_point:
            yield from self._fetch()
        else:
            yield from self._take_what_comes()

    def _consent(self, user: ServiceUser) -> Dialogue[None]:
        request = UserRequest(
            op_code=UserOpCode.CONSENT, user_index=user.index, consent_code=user.code
        )
        answer = yield from _ask_user(request)
        if answer.result is not Result.SUCCESS:
            raise PairingRefused(
                "the scale does not know this computer",
                hint="put the scale into pairing mode and enrol it",
            )
        yield Pause(AFTER_CONSENT_S)

    def _fetch(self) -> Dialogue[None]:
        counted = yield from self._ask(encode_record_request(_COUNT_ALL))
        if isinstance(counted, RecordCount):
            self.counted = counted.count
        if not _has_none(counted):
            report = yield from self._ask(encode_record_request(ALL_RECORDS))
            if not (_has_none(report) or _is_success(report)):
                raise DeviceError("the device refused to send its records")
        self.is_complete = True
        latest = yield from self._ask(LATEST_SEQUENCE_REQUEST)
        if isinstance(latest, LatestSequence):
            self.latest = latest.sequence

    def _take_what_comes(self) -> Dialogue[None]:
        """Take what a cuff sends by itself, until it falls silent."""
        while (heard := (yield from hear(DUMP_SILENCE_S))) is not None:
            if heard.characteristic == self.characteristic:
                self._keep(heard.value)
        self.is_complete = True

    def _ask(self, request: bytes) -> Dialogue[_Answer]:
        """Ask, and keep what arrives meanwhile: some devices send records unasked, too."""
        yield from _insist(request)
        while (heard := (yield from hear(ANSWER_S))) is not None:
            if heard.characteristic == self.characteristic:
                self._keep(heard.value)
            elif heard.characteristic == RECORD_ACCESS_CONTROL_POINT:
                return _answer(heard.value)
        raise DeviceSilent("the device stopped while it sent its records")

    def _keep(self, value: bytes) -> None:
        if len(self.values) == _MOST_VALUES:
            raise DeviceError("the device does not stop sending records")
        self.values.append(value)


def register(code: int) -> Dialogue[ServiceUser]:
    """Take a free user slot of a scale. `code` is random, 0..9999.

    Raises DeviceError when there is none, DeviceSilent.
    """
    yield from _subscribe(USER_CONTROL_POINT)
    answer = yield from _ask_user(UserRequest(op_code=UserOpCode.REGISTER, consent_code=code))
    if answer.result is not Result.SUCCESS or answer.user_index is None:
        raise DeviceError(
            "the scale has no free user for this computer",
            hint="delete a user of the scale, then enrol it again",
        )
    return ServiceUser(index=answer.user_index, code=code)


def _ask_user(request: UserRequest) -> Dialogue[UserAnswer]:
    yield Write(USER_CONTROL_POINT, encode_user_request(request))
    while (heard := (yield from hear(ANSWER_S))) is not None:
        if heard.characteristic != USER_CONTROL_POINT:
            continue
        try:
            answer = decode_user_answer(heard.value)
        except DecodingError as error:
            raise DeviceError("the scale answered in a form this program lacks") from error
        if answer.op_code == request.op_code:
            return answer
    raise DeviceSilent("the scale does not answer for its users")


def _insist(request: bytes) -> Dialogue[None]:
    """Write to the record access control point, once more where the device is not ready yet."""
    for _ in range(_REFUSALS):
        try:
            yield Write(RECORD_ACCESS_CONTROL_POINT, request)
        except (ConnectionLost, DeviceSilent, PairingRefused, RadioUnavailable):
            raise
        except DeviceError:
            yield Pause(AFTER_CONSENT_S)
        else:
            return
    yield Write(RECORD_ACCESS_CONTROL_POINT, request)


def _subscribe(characteristic: str) -> Dialogue[None]:
    yield Subscribe(characteristic)
    yield Pause(AFTER_SUBSCRIBING_S)


def _answer(value: bytes) -> _Answer:
    try:
        return decode_omron_record_answer(value)
    except DecodingError as error:
        raise DeviceError("the device answered in a form this program lacks") from error


def _has_none(answer: _Answer) -> bool:
    if isinstance(answer, RecordCount):
        return answer.count == 0
    return isinstance(answer, RecordResponse) and answer.code is ResponseCode.NO_RECORDS


def _is_success(answer: _Answer) -> bool:
    return isinstance(answer, RecordResponse) and answer.code is ResponseCode.SUCCESS
