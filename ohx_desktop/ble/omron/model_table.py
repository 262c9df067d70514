"""The memory maps of all profiled models: a new model is one row here or one name in `model_names`.

Addresses are the device's own. Rows of one generation share a `partial`; what differs stands in
the row.

Sources: eigger/hass-omron (device catalogue, issues), userx14/omblepy, RobertWojtowicz/
export2garmin, WariKoda/Sphygma, oliexdev/openScale.
"""

from functools import partial

from ohx_desktop.ble.omron.memory_map import (
    ByteOrder,
    ClockForm,
    IndexForm,
    MemoryMap,
    RecordForm,
    SettingsArea,
    Stack,
    TimeField,
    Trailer,
    Unconfirmed,
    Unlock,
    UserArea,
)
from ohx_desktop.ble.support import Support

_CAPTURED, _CONFIRMED, _MAP_ONLY = Support.CAPTURED, Support.USER_CONFIRMED, Support.MAP_ONLY

# ── forms that several generations share ─────────────────────────────────────────────────────

_YEAR_FIRST = tuple(TimeField)
_MONTH_FIRST = (
    TimeField.MONTH,
    TimeField.YEAR,
    TimeField.HOUR,
    TimeField.DAY,
    TimeField.SECOND,
    TimeField.MINUTE,
)
_T1 = ClockForm(offset=0x14, size=10, time=2, order=_MONTH_FIRST, check=9, summed=8)
_T2 = ClockForm(
    offset=0x2C, size=16, time=8, order=_MONTH_FIRST, check=15, summed=14, complement=14
)
_T3 = ClockForm(offset=0x2C, size=16, time=8, order=_YEAR_FIRST, check=14, summed=14)
_T3_LATER = ClockForm(offset=0x30, size=16, time=8, order=_YEAR_FIRST, check=14, summed=14)
_T_SCALE = ClockForm(offset=0x18, size=8, time=0, order=_YEAR_FIRST, check=6, summed=6)

_AT_0260_0286 = SettingsArea(0x0260, 0x0286)
_AT_0260_02A4 = SettingsArea(0x0260, 0x02A4)
_AT_0010_0054 = SettingsArea(0x0010, 0x0054)
_AT_0010_0058 = SettingsArea(0x0010, 0x0058)
_AT_SCALE = SettingsArea(0x01A0, 0x0230)

_INDEX_WITH_SEQUENCES = 16


def _index(order: ByteOrder, size: int, users: int) -> IndexForm:
    """Return the usual index: pointers, unread counters, then sequence numbers where it is long."""
    sequences = (0x8, 0xC)[:users] if size >= _INDEX_WITH_SEQUENCES else ()
    return IndexForm(order=order, size=size, users=((0, 4), (2, 6))[:users], sequences=sequences)


def _areas(*starts: int, slots: int) -> tuple[UserArea, ...]:
    return tuple(UserArea(start, slots) for start in starts)


# Where nobody has confirmed the layout of the clock, `clock` is None and it is not read.
_NO_CLOCK = frozenset({Unconfirmed.CLOCK, Unconfirmed.WRITING})
_NO_WRITING = frozenset({Unconfirmed.WRITING})

# ── generations ──────────────────────────────────────────────────────────────────────────────

_classic = partial(MemoryMap, stack=Stack.CLASSIC, unlock=Unlock.KEY)
# Index of 8 bytes: no record is known to carry a sequence number.
_first = partial(
    _classic,
    record=RecordForm.WORDS_BE_14,
    settings=_AT_0260_0286,
    clock=_T1,
    block=0x2C,
    counts_records=False,
)
_wrist = partial(
    _classic,
    record=RecordForm.WORDS_BE_14,
    settings=_AT_0260_02A4,
    index=_index("big", 16, 1),
    clock=_T2,
    block=0x10,
)
_classic_16 = partial(
    _classic, record=RecordForm.WORDS_LE_16, settings=_AT_0010_0054, clock=_T3, block=0x10
)
_modern = partial(MemoryMap, stack=Stack.MODERN)
_modern_14 = partial(
    _modern,
    record=RecordForm.WORDS_LE_14,
    settings=_AT_0260_02A4,
    index=_index("little", 16, 1),
    clock=_T3,
    block=0x2C,
)
# Connect types WLD3.0 and WLD4.0: what keeps the bond, and what may be written, is not settled.
_modern_16 = partial(
    _modern,
    unlock=Unlock.TOKEN,
    record=RecordForm.WORDS_LE_16,
    settings=_AT_0010_0054,
    clock=_T3,
    block=0x38,
    unconfirmed=_NO_WRITING,
)
_modern_16_later = partial(
    _modern_16, settings=_AT_0010_0058, index=_index("little", 28, 2), clock=_T3_LATER
)
_scale = partial(_classic, settings=_AT_SCALE, clock=None, block=0x30)


def _scale_index(users: int, *, odd_parity: bool) -> IndexForm:
    pairs = tuple((user, 4 + user) for user in range(users))
    return IndexForm(size=12, word=1, users=pairs, odd_parity=odd_parity)


MAPS: tuple[MemoryMap, ...] = (
    # Arm cuffs with an index in big-endian words, records in little-endian places.
    _first(
        model="6320T",
        support=_MAP_ONLY,
        record=RecordForm.WORDS_LE_14,
        users=_areas(0x0370, slots=100),
        settings=SettingsArea(0x0F74, 0x0F9A),
        index=_index("big", 8, 1),
        clock=None,
        unconfirmed=_NO_CLOCK,
    ),
    _first(
        model="6321T",
        support=_MAP_ONLY,
        record=RecordForm.WORDS_LE_14,
        users=_areas(0x0370, 0x08E8, slots=100),
        settings=SettingsArea(0x0F74, 0x0F9A),
        index=_index("big", 8, 2),
        clock=None,
        unconfirmed=_NO_CLOCK,
    ),
    _first(
        model="7320T",
        support=_CONFIRMED,
        record=RecordForm.WORDS_LE_14,
        users=_areas(0x02AC, 0x05F4, slots=60),
        index=_index("big", 8, 2),
        clock=None,
        unconfirmed=_NO_CLOCK,
    ),
    # Records byte by byte.
    _classic(
        model="6401T",
        support=_MAP_ONLY,
        record=RecordForm.BYTES_16,
        users=_areas(0x1350, slots=100),
        settings=SettingsArea(0x0100, 0x0160),
        index=IndexForm(order="big", size=16, users=((0x6, 0xE),)),
        clock=None,
        block=0x10,
        counts_records=False,
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
    ),
    _classic(
        model="6410T",
        support=_MAP_ONLY,
        record=RecordForm.BYTES_32,
        users=_areas(0x5590, slots=100),
        settings=SettingsArea(0x0100, 0x0170),
        index=IndexForm(order="big", size=16, users=((0x6, 0xE),)),
        clock=None,
        block=0x10,
        counts_records=False,
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
    ),
    # Everything in big-endian words.
    _first(
        model="7322T",
        support=_CAPTURED,
        users=_areas(0x02AC, 0x0824, slots=100),
        index=_index("big", 8, 2),
        trailer=Trailer.SUM_LAST,
        reports_fit=True,
    ),
    _first(
        model="7511T",
        support=_MAP_ONLY,
        users=_areas(0x02AC, 0x0798, slots=90),
        index=_index("big", 8, 2),
    ),
    _first(
        model="8732T",
        support=_MAP_ONLY,
        users=_areas(0x02AC, 0x05F4, slots=60),
        index=_index("big", 8, 2),
    ),
    _first(
        model="8732K",
        support=_MAP_ONLY,
        users=_areas(0x02AC, 0x0522, slots=45),
        index=_index("big", 8, 2),
    ),
    _first(
        model="7600T",
        support=_CAPTURED,
        users=_areas(0x02AC, slots=100),
        index=_index("big", 8, 1),
        trailer=Trailer.COMPLEMENT_SUM,
        reports_fit=True,
    ),
    _first(
        model="7325T",
        support=_MAP_ONLY,
        users=_areas(0x02AC, slots=90),
        index=_index("big", 8, 1),
    ),
    # Night measurement at the wrist.
    _classic(
        model="9601T",
        support=_MAP_ONLY,
        record=RecordForm.NIGHT_VIEW_24,
        users=_areas(0x041A, slots=350),
        settings=SettingsArea(0x0356, 0x03B8),
        index=IndexForm(order="big", size=20, users=((0, 4),)),
        clock=None,
        block=0x2C,
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
    ),
    _classic(
        model="9700T",
        support=_MAP_ONLY,
        record=RecordForm.NIGHT_VIEW_24,
        users=_areas(0x041A, slots=1000),
        settings=SettingsArea(0x0356, 0x03B8),
        index=IndexForm(order="big", size=20, users=((0, 4),)),
        clock=None,
        block=0x2C,
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
    ),
    # Big-endian words with an index of 16 bytes.
    _wrist(
        model="6232T",
        support=_CAPTURED,
        users=_areas(0x02E8, 0x0860, slots=100),
        index=_index("big", 16, 2),
        block=0x2C,
        trailer=Trailer.COMPLEMENT,
        reports_fit=True,
    ),
    _wrist(
        model="7530T",
        support=_CONFIRMED,
        users=_areas(0x02E8, slots=90),
        clock=None,
        by_services=True,
        unconfirmed=_NO_CLOCK,
    ),
    _wrist(model="6161T", support=_CONFIRMED, users=_areas(0x02E8, slots=30)),
    _wrist(model="7136T", support=_MAP_ONLY, users=_areas(0x02E8, slots=60)),
    _wrist(model="6231T", support=_MAP_ONLY, users=_areas(0x02E8, slots=100)),
    _wrist(model="6231T_Z", support=_MAP_ONLY, users=_areas(0x02E8, slots=90)),
    # Little-endian, 16 bytes, with a key.
    _classic_16(
        model="1026T2",
        support=_MAP_ONLY,
        users=_areas(0x02E8, 0x0928, slots=100),
        settings=_AT_0260_02A4,
        index=_index("little", 24, 2),
        block=0x2C,
    ),
    _classic_16(
        model="7153JT",
        support=_MAP_ONLY,
        users=_areas(0x0098, slots=30),
        index=_index("little", 16, 1),
    ),
    _classic_16(
        model="7150T",
        support=_CONFIRMED,
        users=_areas(0x0098, slots=60),
        index=_index("little", 16, 1),
    ),
    _classic_16(
        model="7157T",
        support=_MAP_ONLY,
        users=_areas(0x0098, slots=100),
        index=_index("little", 16, 1),
    ),
    _classic_16(
        model="7151T",
        support=_CONFIRMED,
        users=_areas(0x0098, slots=80),
        index=_index("little", 16, 1),
    ),
    _classic_16(
        model="7155T",
        support=_CONFIRMED,
        users=_areas(0x0098, 0x0458, slots=60),
        index=_index("little", 16, 2),
        reports_fit=True,
    ),
    _classic_16(
        model="7342T",
        support=_CONFIRMED,
        users=_areas(0x0098, 0x06D8, slots=100),
        index=_index("little", 16, 2),
        reports_fit=True,
        notes="also the map of 7361T; a clock that was never set reads FF throughout",
    ),
    # Little-endian, 16 bytes, service FE4A.
    _classic_16(
        model="7155T-MW",
        stack=Stack.MODERN,
        unlock=Unlock.NONE,
        support=_MAP_ONLY,
        users=_areas(0x0098, 0x0458, slots=60),
        index=_index("little", 16, 2),
        block=0x2C,
        reports_fit=True,
    ),
    _modern_16(
        model="7155T-K4",
        unlock=Unlock.NONE,
        support=_MAP_ONLY,
        users=_areas(0x02E8, 0x06A8, slots=60),
        settings=_AT_0260_02A4,
        index=_index("little", 24, 2),
        reports_fit=True,
        unconfirmed=frozenset(),
    ),
    _modern_16(
        model="7155T-MW3",
        support=_MAP_ONLY,
        users=_areas(0x02E8, 0x06A8, slots=60),
        settings=_AT_0260_02A4,
        index=IndexForm(order="little", size=16, users=((0x0, 0x4), (0x8, 0xC))),
        reports_fit=True,
    ),
    _modern_16(
        model="7191T1",
        support=_MAP_ONLY,
        users=_areas(0x01C4, slots=60),
        index=_index("little", 24, 1),
    ),
    _modern_16(
        model="7196T1",
        support=_MAP_ONLY,
        users=_areas(0x01C4, 0x0584, slots=60),
        index=_index("little", 24, 2),
    ),
    _modern_16(
        model="7380T1",
        support=_CAPTURED,
        users=_areas(0x01C4, 0x0804, slots=100),
        index=_index("little", 24, 2),
    ),
    _modern_16_later(model="7376T1", support=_MAP_ONLY, users=_areas(0x080C, 0x0BCC, slots=60)),
    _modern_16_later(
        model="7377T1",
        support=_CONFIRMED,
        users=_areas(0x080C, 0x0D0C, slots=80),
        notes="another public map (01CC and 080C, 100 slots) was replaced after users' logs",
    ),
    _modern_16_later(model="7386T1", support=_CAPTURED, users=_areas(0x080C, 0x0E4C, slots=100)),
    _modern_16(
        model="7188T1",
        support=_CAPTURED,
        users=_areas(0x01C4, slots=30),
        index=_index("little", 24, 1),
        trailer=Trailer.SUM_FIRST,
        reports_fit=True,
        may_want_secure_session=True,
        notes="some refuse the token and want Omron's secure session: those are refused",
    ),
    # Little-endian, 14 bytes, service FE4A.
    _modern_14(
        model="7146T",
        unlock=Unlock.NONE,
        support=_CAPTURED,
        users=_areas(0x02E8, slots=30),
        trailer=Trailer.SUM_FIRST,
        reports_fit=True,
        unconfirmed=frozenset({Unconfirmed.UNLOCK}),
        notes="sister models use the token",
    ),
    _modern_14(
        model="716BT2",
        unlock=Unlock.TOKEN,
        support=_CONFIRMED,
        users=_areas(0x02E8, slots=30),
    ),
    _modern_14(
        model="7142T2",
        unlock=Unlock.TOKEN,
        support=_CAPTURED,
        users=_areas(0x02E8, slots=14),
        trailer=Trailer.SUM_FIRST,
        reports_fit=True,
    ),
    # Scales.
    _scale(
        model="HN-300T2",
        stack=Stack.MODERN,
        unlock=Unlock.TOKEN,
        support=_CAPTURED,
        record=RecordForm.WEIGHT_16,
        users=_areas(0x02C0, slots=30),
        index=IndexForm(size=12, word=1, users=((0, 4),)),
        clock=_T_SCALE,
        block=0x10,
        trailer=Trailer.SUM_PADDED,
        unconfirmed=_NO_WRITING,
    ),
    _scale(
        model="HBF-222T",
        support=_CAPTURED,
        record=RecordForm.COMPOSITION_32,
        users=_areas(0x02C0, 0x06A0, 0x0A80, 0x0E60, slots=30),
        index=_scale_index(4, odd_parity=False),
        by_services=True,
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
        notes="the step of the weight is disputed; the extension of its services is safe",
    ),
    _scale(
        model="HBF-702T",
        support=_CONFIRMED,
        record=RecordForm.COMPOSITION_48,
        users=_areas(0x02C0, 0x0890, 0x0E60, 0x1430, slots=30),
        index=_scale_index(4, odd_parity=False),
        unconfirmed=_NO_CLOCK | {Unconfirmed.RECORD},
        notes="the step of the weight was seen on one scale",
    ),
)
