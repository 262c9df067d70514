"""The table of the Beurer, Sanitas and Silvercrest models, and the way from a name to a row.

Sources: Beurer's protocol documents; published captures; the table of names in Beurer's own
program. Cuffs that the table of names alone knows may lack Bluetooth: what counts there is that
the service is really advertised.
"""

from collections.abc import Iterator, Mapping

from ohx_desktop.ble.beurer.ffe0 import Variant
from ohx_desktop.ble.beurer.model import Family, Model
from ohx_desktop.ble.beurer.scale_layout import (
    LAYOUT_FFF0,
    LAYOUT_FFF0_INITIALS,
    LAYOUT_FFFF,
    LAYOUT_FFFF_SEGMENTAL,
    LAYOUT_FFFF_SHORT,
    LAYOUT_FFFF_SHOWING,
    ScaleLayout,
)
from ohx_desktop.ble.support import Support

_CAPTURED, _CONFIRMED, _MAP_ONLY = Support.CAPTURED, Support.USER_CONFIRMED, Support.MAP_ONLY
_MAKERS = ("beurer ", "sanitas ", "silvercrest ")
_VENDOR_SETTLE_S = 3.0

# Plain blood pressure, known by name only. Most of the first block exist without Bluetooth, too.
_PLAIN_CUFFS = """
    BM23 BM25 BM26 BM27 BM28 BM2R BM30 BM32 BM35 BM36 BM38 BM40 BM44 BM45 BM46 BM47 BM49 BM50 BM51
    BM53 BM55 BM58 BC1R BC21 BC27 BC28 BC30 BC32 BC40 BC44 BC51 IBC55

    BM69 BM81 BM82 DELUXE500 DELUXE600 SENSE QUICK AUTO400 ELITE ELITE950 ELITEPLUS SERIES600
    SERIES700 SERIES800 SERIES1000 BC54 BC57 BC58 BC81 BC85 BC87 SERIES700W
"""

_CUFFS_THAT_SETTLE: Mapping[str, tuple[Support, tuple[str, ...]]] = {
    "BM54": (_CAPTURED, ("BM54",)),
    "BM57": (_MAP_ONLY, ("BM57",)),
    "BM46Connect": (_MAP_ONLY, ("BM46connect",)),
    "SR BM1": (_MAP_ONLY, ("SR BM1", "SRBM1")),
}

# The maker's program sets their clock; the last five also record an ECG, which is not read.
_CUFFS_WITH_CLOCK = ("BM64", "BM93", "BM95", "BM96", "ME90", "ME95")

_SWAPPED_CUFFS: Mapping[str, Support] = {
    "BM48": _MAP_ONLY,
    "BM85": _CAPTURED,
    "ELITE900": _MAP_ONLY,
}

_SIG_SCALES: Mapping[str, tuple[Support, ScaleLayout | None, int | None]] = {
    "BF600": (_CAPTURED, LAYOUT_FFF0, 8),
    "BF788": (_CAPTURED, LAYOUT_FFF0, None),
    "BF850": (_CONFIRMED, LAYOUT_FFF0_INITIALS, None),
    "BF105": (_CONFIRMED, LAYOUT_FFFF, None),
    "BF720": (_CAPTURED, LAYOUT_FFFF, 8),
    "BF915": (_CONFIRMED, LAYOUT_FFFF_SHOWING, None),
    "BF950": (_CONFIRMED, LAYOUT_FFFF, None),
    "SBF76": (_CONFIRMED, LAYOUT_FFFF, None),
    "SBF77": (_CONFIRMED, LAYOUT_FFFF, None),
    "BF1000": (_CAPTURED, LAYOUT_FFFF_SEGMENTAL, None),
    "SBF72": (_CONFIRMED, LAYOUT_FFFF_SHOWING, 8),
    "SBF73": (_CAPTURED, LAYOUT_FFFF_SHOWING, 8),
    "BF500": (_CONFIRMED, LAYOUT_FFFF_SHORT, None),
    # Their published program reads the masses against the standard: not certain, so not read.
    "BF450": (_MAP_ONLY, None, None),
    "BF451": (_MAP_ONLY, None, None),
    **dict.fromkeys(
        ("SRBF1", "BF405", "BF722", "BF880", "BF980", "BF990", "GS435"), (_MAP_ONLY, None, None)
    ),
}

# The one that advertises the bare "BF700" speaks as the BF710 does, "Beurer BF700" does not.
_FFE0_SCALES: Mapping[str, tuple[Support, Variant, tuple[str, ...]]] = {
    "BF700": (_CONFIRMED, Variant.BF700, ("Beurer BF700", "BF-700")),
    "BF800": (_CAPTURED, Variant.BF700, ("Beurer BF800", "BF-800", "BF800")),
    "Libra": (_CONFIRMED, Variant.BF700, ("RT-Libra-B", "RT-Libra-W", "Libra-B", "Libra-W")),
    "BF710": (_CONFIRMED, Variant.BF710, ("Beurer BF710", "BF710", "BF700")),
    "SBF70": (_CAPTURED, Variant.BF710, ("SANITAS SBF70", "SBF70")),
    "SBF75": (_CONFIRMED, Variant.BF710, ("SBF75",)),
    "AICDSCALE1": (_CONFIRMED, Variant.BF710, ("AICDSCALE1",)),
}

_THERMOMETERS = ("FT09_1", "FT15_1", "FT16", "FT17", "FT58", "FT65", "FT85", "FT90", "FT100")
# The vendor's program leaves some meters alone for a while before it asks for records.
_METER_SETTLE_S = 2.5
_METERS_THAT_SETTLE = frozenset({"GL48", "GL49", "GL50", "GL50evo", "GL60"})
_GLUCOSE_METERS = ("GL22", "GL34", "GL40", "GL44", "GL44lean", "GL48", "GL49", "GL50", "GL60")

_OTHER_MAKERS = {"SBM69": "Silvercrest", "Libra": "Runtastic", "AICDSCALE1": "Crane"}


def _model(
    name: str,
    family: Family,
    support: Support = _MAP_ONLY,
    names: tuple[str, ...] = (),
    *,
    settle_s: float = 0.0,
    sets_clock: bool = False,
    layout: ScaleLayout | None = None,
    variant: Variant | None = None,
    slots: int | None = None,
) -> Model:
    maker = _OTHER_MAKERS.get(name, "Sanitas" if name.startswith("SBF") else "Beurer")
    return Model(
        name=name,
        manufacturer=maker,
        family=family,
        support=support,
        names=names or (name,),
        settle_s=settle_s,
        sets_clock=sets_clock,
        layout=layout,
        variant=variant,
        slots=slots,
    )


def _cuffs() -> Iterator[Model]:
    plain = Family.BLOOD_PRESSURE
    for name, (support, names) in _CUFFS_THAT_SETTLE.items():
        yield _model(name, plain, support, names, settle_s=_VENDOR_SETTLE_S)
    yield _model("BM77", plain, _CAPTURED, slots=2)
    yield _model("SBM69", plain, _CAPTURED)
    yield _model("BM92", plain, names=("PREMIUM800", "BM92"))
    yield _model("BC54W", plain, names=("PREMIUM800W", "BC54W"))
    yield _model("BC87W", plain, names=("SERIES800W", "BC87W"))
    for name in _CUFFS_WITH_CLOCK:
        yield _model(name, plain, sets_clock=True)
    for name in _PLAIN_CUFFS.split():
        yield _model(name, plain)
    for name, support in _SWAPPED_CUFFS.items():
        settle_s = _VENDOR_SETTLE_S if name == "BM85" else 0.0
        yield _model(name, Family.SWAPPED_BLOOD_PRESSURE, support, settle_s=settle_s)
    # Some sources have it plain, some swapped, some with a stream of its own.
    yield _model("BM59", Family.BLOOD_PRESSURE_STREAM, names=("BM59", "BM 59"), sets_clock=True)


def _scales() -> Iterator[Model]:
    for name, (support, layout, slots) in _SIG_SCALES.items():
        yield _model(name, Family.SIG_SCALE, support, layout=layout, slots=slots)
    for name, (support, variant, names) in _FFE0_SCALES.items():
        slots = 8 if name == "SBF70" else None
        yield _model(name, Family.FFE0_SCALE, support, names, variant=variant, slots=slots)


def _others() -> Iterator[Model]:
    yield _model("FT95", Family.THERMOMETER, _CAPTURED)
    yield from (_model(name, Family.THERMOMETER) for name in _THERMOMETERS)
    yield _model("PO60", Family.OXIMETER, _CAPTURED)
    for name in ("GL50evo", *_GLUCOSE_METERS):
        support = _CAPTURED if name == "GL50evo" else _MAP_ONLY
        settle_s = _METER_SETTLE_S if name in _METERS_THAT_SETTLE else 0.0
        yield _model(name, Family.GLUCOSE, support, settle_s=settle_s)


MODELS: tuple[Model, ...] = (*_cuffs(), *_scales(), *_others())
"""Every model of the table; no two share an advertised name."""

_BY_ADVERTISED_NAME = {name.casefold(): model for model in MODELS for name in model.names}
_BY_PRINTED_NAME = {model.name.casefold(): model for model in MODELS}


def model_advertising(name: str) -> Model | None:
    """Return the model that advertises this name, or None.

    The whole name goes first, as one model's name is another's with the maker's before it.
    """
    key = name.strip().casefold()
    return _BY_ADVERTISED_NAME.get(key) or _BY_ADVERTISED_NAME.get(_without_maker(key))


def model_named(name: str) -> Model | None:
    """Return the model with this name printed on it (or advertised by it), or None."""
    key = _without_maker(name.strip().casefold())
    return _BY_PRINTED_NAME.get(key) or model_advertising(name)


def _without_maker(key: str) -> str:
    return next((key.removeprefix(maker) for maker in _MAKERS if key.startswith(maker)), key)
