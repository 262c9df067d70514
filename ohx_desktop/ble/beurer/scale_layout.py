"""Where Beurer's SIG scales keep what the standard lacks: the same functions, three numberings.

Not every model has every number of its numbering, so a device is asked which it has. Numbers that
no good source explains are left out, and so are the services of the firmware update.

Sources: BF600 Data Form v002 (printed by the maker); published captures of BF720, BF788, SBF73.
"""

from dataclasses import dataclass

from ohx_desktop.ble.assigned_numbers import (
    BODY_COMPOSITION_MEASUREMENT,
    CURRENT_TIME,
    DATABASE_CHANGE_INCREMENT,
    USER_CONTROL_POINT,
    WEIGHT_MEASUREMENT,
    uuid16,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleLayout:
    """UUIDs of the private service and of its characteristics, None where there is none.

    `shows_code` tells that the scale displays a user's consent code when it is asked to.
    """

    service: str
    settings: str | None
    user_list: str
    activity: str
    take_measurement: str
    reference: str | None
    initials: str | None = None
    segmental_fat: str | None = None
    segmental_muscle: str | None = None
    shows_code: bool = False

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """What to subscribe, in the order of the maker's program."""
        return (
            WEIGHT_MEASUREMENT,
            DATABASE_CHANGE_INCREMENT,
            BODY_COMPOSITION_MEASUREMENT,
            USER_CONTROL_POINT,
            self.user_list,
            self.take_measurement,
            CURRENT_TIME,
        )


LAYOUT_FFF0 = ScaleLayout(
    service=uuid16(0xFFF0),
    settings=uuid16(0xFFF1),
    user_list=uuid16(0xFFF2),
    activity=uuid16(0xFFF3),
    take_measurement=uuid16(0xFFF4),
    reference=uuid16(0xFFF5),
)
"""BF600, BF788."""

LAYOUT_FFF0_INITIALS = ScaleLayout(
    service=uuid16(0xFFF0),
    settings=uuid16(0xFFF1),
    user_list=uuid16(0xFFF2),
    activity=uuid16(0xFFF3),
    take_measurement=uuid16(0xFFF4),
    reference=uuid16(0xFFF5),
    initials=uuid16(0xFFF6),
)
"""BF850."""


def _layout_ffff(*, shows_code: bool = False, is_segmental: bool = False) -> ScaleLayout:
    return ScaleLayout(
        service=uuid16(0xFFFF),
        settings=uuid16(0x0000),
        user_list=uuid16(0x0001),
        initials=uuid16(0x0002),
        activity=uuid16(0x0004),
        take_measurement=uuid16(0x0006),
        reference=uuid16(0x000B),
        segmental_fat=uuid16(0x0009) if is_segmental else None,
        segmental_muscle=uuid16(0x000A) if is_segmental else None,
        shows_code=shows_code,
    )


LAYOUT_FFFF = _layout_ffff()
"""BF105, BF720, BF950 and kin."""

LAYOUT_FFFF_SHOWING = _layout_ffff(shows_code=True)
"""SBF72, SBF73, BF915."""

LAYOUT_FFFF_SEGMENTAL = _layout_ffff(is_segmental=True)
"""BF1000."""

LAYOUT_FFFF_SHORT = ScaleLayout(
    service=uuid16(0xFFFF),
    settings=uuid16(0xFFF0),
    user_list=uuid16(0xFFF1),
    activity=uuid16(0xFFF2),
    take_measurement=uuid16(0xFFF4),
    reference=None,
)
"""BF500. What its numbers FFF3 and FFF5 hold is not known for certain."""
