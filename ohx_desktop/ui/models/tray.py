"""The tray as texts: what came, when, from what, and the questions before it goes to somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.desk.tray_items import TrayItem
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.reading import Reading
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import banner_of
from ohx_desktop.ui.models.parts import ChipView, MessageView, QuestionView, Tone
from ohx_desktop.ui.models.value import tiles
from ohx_desktop.ui.models.when import moment_text


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayRowView:
    """One record. `assign` is the question before it is given to the patient in view.

    It is None where there is no patient in view, or nothing that could be given.
    """

    id: UUID
    values: str
    spoken: str
    chips: tuple[ChipView, ...]
    assign: QuestionView | None
    why: MessageView


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayView:
    """All that waits. `patient` is the reference of who is in view, None for nobody."""

    rows: tuple[TrayRowView, ...]
    help: str
    patient: str | None


def tray_view(items: Sequence[TrayItem], patient: Patient | None, now: datetime) -> TrayView:
    """Return the view at the moment `now`: new readings first, then what a device had stored.

    What came from another patient's account at a cloud service comes last.
    """
    in_order = sorted(
        items,
        key=lambda item: (
            _is_of_another_account(item, patient),
            item.reading is None,
            item.is_stored,
        ),
    )
    twins = {item.twin for item in items}
    return TrayView(
        rows=tuple(
            _row(item, patient, now, has_twin=item.twin is not None or item.id in twins)
            for item in in_order
        ),
        help=texts.TRAY_COMPARE if patient else texts.TRAY_NO_PATIENT,
        patient=patient.reference if patient else None,
    )


def _row(item: TrayItem, patient: Patient | None, now: datetime, *, has_twin: bool) -> TrayRowView:
    shown = tiles(item.reading) if item.reading else ()
    values = ", ".join(f"{value.figures} {value.unit}".strip() for value in shown)
    values = values or texts.TRAY_ODD
    what, rest = texts.TRAY_WHY
    return TrayRowView(
        id=item.id,
        values=values,
        spoken=". ".join(value.spoken for value in shown) or texts.TRAY_ODD,
        chips=_chips(item, patient, now, has_twin=has_twin),
        assign=_question(values, patient, now) if patient and item.reading else None,
        why=MessageView(what=what.format(values=values), rest=rest),
    )


def _question(values: str, patient: Patient, now: datetime) -> QuestionView:
    banner = banner_of(patient, now.date())
    what, rest = texts.TRAY_ASSIGN_QUESTION
    return QuestionView(
        message=MessageView(
            what=what.format(values=values, name=banner.name),
            rest=rest.format(
                born=banner.born, label=banner.identifier_label, number=banner.identifier
            ),
        ),
        yes=texts.TRAY_ASSIGN_YES,
        no=texts.TRAY_KEEP,
    )


def _chips(
    item: TrayItem, patient: Patient | None, now: datetime, *, has_twin: bool
) -> tuple[ChipView, ...]:
    chips = [_when(item, now)]
    service = _service(item)
    if service is not None:
        chips.append(ChipView(text=texts.TRAY_FROM.format(service=service)))
    device = item.device.model or item.device.manufacturer or item.device.address
    if device:
        chips.append(ChipView(text=device))
    if item.is_stored:
        chips.append(ChipView(text=texts.TRAY_STORED, tone=Tone.OPEN))
    if item.reading is None:
        chips.append(ChipView(text=texts.TRAY_ODD_HELP, tone=Tone.ATTENTION))
    elif service is not None:
        chips += _of_account(item, item.reading, patient)
    elif patient is not None and item.patient_in_view is not None and not item.is_stored:
        chips.append(_in_view(item.patient_in_view == patient.reference))
    if has_twin:
        chips.append(ChipView(text=texts.TRAY_TWIN, tone=Tone.ATTENTION))
    if item.is_overdue:
        chips.append(ChipView(text=texts.TRAY_OVERDUE, tone=Tone.ATTENTION))
    return tuple(chips)


def _service(item: TrayItem) -> str | None:
    """Return the cloud service a reading came from."""
    return texts.TRAY_SERVICES.get(item.reading.source.value) if item.reading else None


def _is_of_another_account(item: TrayItem, patient: Patient | None) -> bool:
    return (
        patient is not None
        and _service(item) is not None
        and item.patient_in_view not in {None, patient.reference}
    )


def _of_account(item: TrayItem, reading: Reading, patient: Patient | None) -> list[ChipView]:
    """Return whose account a reading came from, and how it came about."""
    chips = []
    if item.patient_in_view is None:
        chips.append(ChipView(text=texts.TRAY_NO_ACCOUNT, tone=Tone.ATTENTION))
    elif _is_of_another_account(item, patient):
        chips.append(ChipView(text=texts.TRAY_OTHER_ACCOUNT, tone=Tone.ATTENTION))
    elif patient is not None:
        chips.append(ChipView(text=texts.TRAY_OF_ACCOUNT))
    if Flag.MANUAL_ENTRY in reading.flags:
        chips.append(ChipView(text=texts.FLAGS[Flag.MANUAL_ENTRY.value], tone=Tone.OPEN))
    return chips


def _in_view(is_the_same: bool) -> ChipView:
    if is_the_same:
        return ChipView(text=texts.TRAY_IN_VIEW)
    return ChipView(text=texts.TRAY_OTHER_IN_VIEW, tone=Tone.ATTENTION)


def _when(item: TrayItem, now: datetime) -> ChipView:
    reading = item.reading
    trusted = {ClockTrust.DEVICE, ClockTrust.CORRECTED}
    if reading is not None and reading.measured_at and reading.clock.trust in trusted:
        time = moment_text(reading.measured_at, now)
        return ChipView(text=texts.TRAY_MEASURED.format(time=time))
    return ChipView(text=texts.TRAY_CAME.format(time=moment_text(item.captured_at, now)))
