"""What an Omron device tells on the air: its name, and the data of company 0x020E.

The data say how many records wait and in which mode the device is; not every device sends them,
and a form that nobody knows is ignored without harm.

Source: StanfordSpezi/SpeziDevices (OmronLocalName, OmronManufacturerData), eigger/hass-omron
parser, freesonwill/BleSampleOmron.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(
    r"BLE(?P<mode>[Ss])mart_(?P<id>(?P<group>[0-9A-F]{4})(?P<model>[0-9A-F]{4}))(?P<address>[0-9A-F]{12})",
    re.IGNORECASE,
)
_MAX_USERS = 4
_USER_SIZE = 3
_PER_USER = frozenset({0x01, 0x02, 0x06})
"""Formats with a sequence number and a count of records for each user."""
_WITH_FOUR_MORE = 0x06
_RESULT = 0x03
# Formats of which only the flags are understood, by the lengths for one user and more.
_FLAGS_ONLY = {0x08: (10, 13), 0x09: (9, 11, 13, 15)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalName:
    """The parts of "BLESmart_…". `model_id` has group and model, eight digits, upper case."""

    model_id: str
    address: str
    pairing_mode: bool

    @property
    def is_cuff(self) -> bool:
        """True for the group of blood-pressure monitors."""
        return self.model_id.startswith("0000")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCounters:
    """The last sequence number of a user, and how many records wait to be sent."""

    last_sequence: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyData:
    """The data of company 0x020E. A part is None where the format does not tell it.

    `standard_mode` means that records come by the Bluetooth SIG services.
    """

    format: int
    users: tuple[UserCounters, ...] | None
    clock_not_set: bool
    pairing_mode: bool
    streaming: bool | None
    standard_mode: bool | None
    forced_transfer: bool | None


def decode_local_name(name: str) -> LocalName | None:
    """Return the parts of a local name, or None for another one.

    A small "s" means pairing mode, but a scale has it after any button press: where the company
    data are there, they are right.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    digits = match["address"].upper()
    return LocalName(
        model_id=match["id"].upper(),
        address=":".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        pairing_mode=match["mode"] == "s",
    )


def decode_company_data(body: bytes) -> CompanyData | None:
    """Return the company data after the company id, or None where the form is not known."""
    if len(body) < 2:  # noqa: PLR2004 - format and flags
        return None
    format_, flags = body[0], body[1]
    if format_ == _RESULT:
        return _result(flags) if len(body) > 2 else None  # noqa: PLR2004 - a result follows
    users = None
    if format_ in _PER_USER:
        users = _users(format_, flags, body[2:])
        if users is None:
            return None
    elif len(body) not in _FLAGS_ONLY.get(format_, ()):
        return None
    return CompanyData(
        format=format_,
        users=users,
        clock_not_set=bool(flags & 1 << 2),
        pairing_mode=bool(flags & 1 << 3),
        streaming=bool(flags & 1 << 4),
        standard_mode=bool(flags & 1 << 5),
        forced_transfer=bool(flags & 1 << 6),
    )


def pairing_mode(name: str, company_data: bytes) -> bool | None:
    """Tell whether a device says that it is in pairing mode; None where it does not say.

    `company_data` are those of company 0x020E, empty where there are none. They are the authority;
    the name alone is right for cuffs only.
    """
    data = decode_company_data(company_data)
    if data is not None:
        return data.pairing_mode
    local_name = decode_local_name(name)
    return local_name.pairing_mode if local_name is not None and local_name.is_cuff else None


def _result(flags: int) -> CompanyData:
    return CompanyData(
        format=_RESULT,
        users=None,
        clock_not_set=bool(flags & 1 << 2),
        pairing_mode=bool(flags & 1 << 3),
        streaming=None,
        standard_mode=None,
        forced_transfer=None,
    )


def _users(format_: int, flags: int, body: bytes) -> tuple[UserCounters, ...] | None:
    size = _USER_SIZE * ((flags & _MAX_USERS - 1) + 1)
    lengths = {size, size + 4} if format_ == _WITH_FOUR_MORE else {size}
    if len(body) not in lengths:
        return None
    return tuple(
        UserCounters(
            last_sequence=int.from_bytes(body[at : at + 2], "little"), records=body[at + 2]
        )
        for at in range(0, size, _USER_SIZE)
    )
