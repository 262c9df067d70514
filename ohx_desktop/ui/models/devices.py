"""The states of the devices page as texts: rows of devices, and one statement with its steps."""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.ble.device_registry import EnrolledDevice
from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.enrolling_states import (
    Chosen,
    DeviceList,
    EnrolFailed,
    Enrolling,
    FoundDevice,
    Registered,
    Searching,
)
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import hint_of, message_of
from ohx_desktop.ui.models.parts import (
    ChipView,
    MessageView,
    QuestionView,
    StepView,
    Tone,
)
from ohx_desktop.ui.models.when import date_text

# Signal strengths (dBm) of a device on the same desk, and in the same room.
_VERY_NEAR_DBM, _NEAR_DBM = -60, -75


class EnrolAction(StrEnum):
    """What a button of the devices page asks for."""

    LIST = "list"
    SEARCH = "search"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device of a list. `device` is set where choosing it means something."""

    address: str
    title: str
    facts: str
    mark: ChipView | None
    aside: str
    spoken: str
    device: FoundDevice | None = None

    @property
    def is_usable(self) -> bool:
        """True when it can be chosen, or stands for a registered device."""
        return self.mark is None or self.mark.tone is not Tone.STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceListView:
    """A list of devices, or what will be there and how."""

    status: str
    rows: tuple[DeviceRow, ...]
    empty: tuple[str, str]
    message: MessageView | None
    is_busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage of registering: a statement, what to do, how far it is, and two ways on.

    `likely` is None while there is nothing to press but `other`.
    """

    heading: str
    lines: tuple[str, ...]
    steps: tuple[StepView, ...]
    message: MessageView | None
    likely: tuple[str, EnrolAction] | None
    other: tuple[str, EnrolAction]


def list_view(state: DeviceList) -> DeviceListView:
    """Return the view of the registered devices."""
    message = message_of(state.error) if state.error else None
    if state.bond_left is not None:
        what, rest = texts.BOND_LEFT
        message = MessageView(what=what.format(device=registered_name(state.bond_left)), rest=rest)
    going = next((d for d in state.devices if d.identity.address == state.forgetting), None)
    name = registered_name(going) if going else texts.UNNAMED_DEVICE
    return DeviceListView(
        status=texts.FORGETTING.format(device=name) if state.forgetting else "",
        rows=tuple(_registered_row(device) for device in state.devices),
        empty=texts.NO_DEVICES,
        message=message,
        is_busy=state.forgetting is not None,
    )


def search_view(state: Searching) -> DeviceListView:
    """Return the view of the devices in range."""
    status = texts.SEARCH_OVER if state.is_over else texts.SEARCH_LISTENING
    return DeviceListView(
        status=texts.SEARCH_STOPPED if state.error else status,
        rows=tuple(_found_row(device) for device in state.found),
        empty=("", "") if state.error else texts.SEARCH_EMPTY,
        message=message_of(state.error) if state.error else None,
        is_busy=not state.is_over,
    )


def forget_question(title: str) -> QuestionView:
    """Return the question before a device is forgotten."""
    what, rest = texts.FORGET_QUESTION
    message = MessageView(what=what.format(device=title), rest=rest)
    return QuestionView(message=message, yes=texts.FORGET_YES, no=texts.GO_BACK)


def stage_view(state: Chosen | Enrolling | Registered | EnrolFailed) -> StageView:
    """Return the view of a stage of registering."""
    match state:
        case Chosen():
            return _chosen(state)
        case Enrolling():
            return _enrolling(state)
        case Registered():
            return _registered(state)
        case EnrolFailed():
            return _failed(state)


def found_name(device: FoundDevice) -> str:
    """Return what a person calls the device."""
    named = " ".join(part for part in (device.manufacturer, device.model or device.name) if part)
    return named or texts.UNNAMED_DEVICE


def registered_name(device: EnrolledDevice) -> str:
    """Return what a person calls the device."""
    identity = device.identity
    named = " ".join(part for part in (identity.manufacturer, identity.model) if part)
    return named or texts.UNNAMED_DEVICE


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def _registered_row(device: EnrolledDevice) -> DeviceRow:
    identity = device.identity
    title = registered_name(device)
    known = [identity.address or ""]
    if identity.serial:
        known.append(texts.SERIAL.format(serial=identity.serial))
    facts = "  ·  ".join(known)
    since = texts.REGISTERED_SINCE.format(day=date_text(device.enrolled_at.date()))
    return DeviceRow(
        address=identity.address or "",
        title=title,
        facts=facts,
        mark=None,
        aside=since,
        spoken=texts.SPOKEN_DEVICE.format(name=title, facts=facts, nearness=since),
    )


def _found_row(device: FoundDevice) -> DeviceRow:
    title, nearness = found_name(device), _nearness(device.rssi)
    mark = _mark(device)
    support = _support(device)
    spoken = ", ".join(part for part in (support, mark.text if mark else "") if part)
    return DeviceRow(
        address=device.address,
        title=title,
        facts=support or device.address,
        mark=mark,
        aside=nearness,
        spoken=texts.SPOKEN_DEVICE.format(name=title, facts=spoken, nearness=nearness),
        device=device,
    )


def _support(device: FoundDevice) -> str:
    if device.why_unread is not None:
        return texts.WHY_UNREAD[device.why_unread]
    if device.recognised is None or device.recognised.support is None:
        return texts.SUPPORT_BY_STANDARD
    return texts.SUPPORT[device.recognised.support]


def _mark(device: FoundDevice) -> ChipView | None:
    if device.recognised is None:
        return ChipView(text=texts.CANNOT_BE_USED, tone=Tone.STOP)
    if device.is_registered:
        return ChipView(text=texts.IS_REGISTERED, tone=Tone.GOOD)
    if device.has_registered_twin:
        return ChipView(text=texts.TWIN_REGISTERED, tone=Tone.ATTENTION)
    return None


def _nearness(rssi: int | None) -> str:
    very_near, near, far = texts.NEARNESS
    if rssi is None:
        return texts.NEARNESS_UNKNOWN
    if rssi >= _VERY_NEAR_DBM:
        return very_near
    return near if rssi >= _NEAR_DBM else far


# ── stages ───────────────────────────────────────────────────────────────────────────────────


def _chosen(state: Chosen) -> StageView:
    device = state.device
    note = None
    if device.is_registered:
        note = texts.CHOSEN_AGAIN
    elif device.has_registered_twin:
        note = texts.CHOSEN_TWIN
    what, rest = note or ("", "")
    return StageView(
        heading=texts.CHOSEN_HEADING.format(device=found_name(device)),
        lines=_lines(state),
        steps=(),
        message=MessageView(what=what, rest=rest, tone=Tone.NEUTRAL) if note else None,
        likely=(texts.START_PAIRING, EnrolAction.ENROL),
        other=(texts.ANOTHER_DEVICE, EnrolAction.SEARCH),
    )


def _enrolling(state: Enrolling) -> StageView:
    device = found_name(state.device)
    headings = {
        LinkState.LISTENING: texts.ENROL_WAITING,
        LinkState.CONNECTING: texts.CONNECTING,
        LinkState.PAIRING: texts.PAIRING,
    }
    waits = state.link is LinkState.LISTENING
    return StageView(
        heading=headings.get(state.link, texts.IDENTIFYING).format(device=device),
        lines=_lines(state) if waits else (texts.ENROL_TALKING_STEPS,),
        steps=_progress(state.link),
        message=None,
        likely=None,
        other=(texts.CANCEL, EnrolAction.LIST),
    )


def _registered(state: Registered) -> StageView:
    return StageView(
        heading=texts.REGISTERED_HEADING.format(device=registered_name(state.device)),
        lines=(texts.REGISTERED_HELP,),
        steps=tuple(_step(word, Tone.GOOD) for word in texts.ENROL_STEPS),
        message=None,
        likely=(texts.DONE, EnrolAction.LIST),
        other=(texts.ADD_ANOTHER, EnrolAction.SEARCH),
    )


def _failed(state: EnrolFailed) -> StageView:
    return StageView(
        heading=texts.FAILED_HEADING.format(device=found_name(state.device)),
        lines=_lines(state),
        steps=(),
        message=_why(state.error),
        likely=(texts.TRY_AGAIN, EnrolAction.ENROL),
        other=(texts.ANOTHER_DEVICE, EnrolAction.SEARCH),
    )


def _why(error: OhxError) -> MessageView:
    """Leave the meaning for the reading away: while a device is registered there is none."""
    whole = message_of(error)
    return MessageView(what=whole.what, rest=f"{texts.NOT_REGISTERED_YET} {hint_of(error)}")


def _lines(state: Chosen | Enrolling | EnrolFailed) -> tuple[str, ...]:
    return tuple(texts.PAIRING_HELP[step] for step in state.steps)


def _progress(link: LinkState) -> tuple[StepView, ...]:
    """Return the three steps; the one under way is the first that is not done."""
    done = {LinkState.LISTENING: 0, LinkState.CONNECTING: 1}.get(link, 2)
    tones = (
        Tone.GOOD if at < done else Tone.NEUTRAL if at == done else Tone.OPEN for at in (0, 1, 2)
    )
    return tuple(_step(word, tone) for word, tone in zip(texts.ENROL_STEPS, tones, strict=True))


def _step(word: str, tone: Tone) -> StepView:
    details = {Tone.GOOD: texts.ENROL_STEP_DONE, Tone.NEUTRAL: texts.ENROL_STEP_NOW}
    detail = details.get(tone, texts.ENROL_STEP_LATER)
    spoken = texts.STEP_OPEN.format(label=word, detail=detail)
    return StepView(label=word, detail=detail, tone=tone, spoken=spoken)
