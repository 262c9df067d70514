"""The tray as texts: what came, when, from what, and the questions before it goes to somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.desk.tray_items import TrayItem
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.patient import Patient
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
    """Return the view at the moment `now`: new readings first, then what a device had stored."""
    in_order = sorted(items, key=lambda item: (item.reading is None, item.is_stored))
    return TrayView(
        rows=tuple(_row(item, patient, now) for item in in_order),
        help=texts.TRAY_COMPARE if patient else texts.TRAY_NO_PATIENT,
        patient=patient.reference if patient else None,
    )


def _row(item: TrayItem, patient: Patient | None, now: datetime) -> TrayRowView:
    shown = tiles(item.reading) if item.reading else ()
    values = ", ".join(f"{value.figures} {value.unit}".strip() for value in shown)
    values = values or texts.TRAY_ODD
    what, rest = texts.TRAY_WHY
    return TrayRowView(
        id=item.id,
        values=values,
        spoken=". ".join(value.spoken for value in shown) or texts.TRAY_ODD,
        chips=_chips(item, patient, now),
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


def _chips(item: TrayItem, patient: Patient | None, now: datetime) -> tuple[ChipView, ...]:
    chips = [_when(item, now)]
    device = item.device.model or item.device.manufacturer or item.device.address
    if device:
        chips.append(ChipView(text=device))
    if item.is_stored:
        chips.append(ChipView(text=texts.TRAY_STORED, tone=Tone.OPEN))
    if item.reading is None:
        chips.append(ChipView(text=texts.TRAY_ODD_HELP, tone=Tone.ATTENTION))
    elif patient is not None and item.patient_in_view is not None and not item.is_stored:
        chips.append(_in_view(item.patient_in_view == patient.reference))
    if item.is_overdue:
        chips.append(ChipView(text=texts.TRAY_OVERDUE, tone=Tone.ATTENTION))
    return tuple(chips)


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
