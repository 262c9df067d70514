"""What becomes of a row of a damaged queue: as it was, or as what is certain of it. Pure.

Nothing is guessed, and what is not certain goes to a person:

- A reading from a page that may be out of date (its newest version is damaged) may have been sent
  or given up since. It needs attention; it is never sent by itself.
- A reading whose content is gone stays in the queue without it, so that a person sees to it. One in
  the tray is left out: its device may still have it, and is then heard as if for the first time.
- Where all pages are whole and do not fit together (a log of another day), all are out of date.
- What was being sent is queued again and looked up first, as after every crash.
"""

from uuid import UUID

from ohx_desktop.storage.btree import Value
from ohx_desktop.storage.sealing import CHECKSUM_BYTES, Seal

# What carries a checksum of its own.
_SEALED = {
    "entry": ("submission", "bundle", "content"),
    "frame": ("bytes",),
    "captured": ("device", "reading", "frames"),
}
_WAITING = frozenset({"queued", "sending"})
_OPEN = _WAITING | {"needs-attention"}
_UNCERTAIN = (
    "the queue's file was damaged, and what became of this reading last is not known; "
    "look for it in the EHR, then have it sent again or give it up"
)
_CONTENT_LOST = (
    "the queue's file was damaged, and the values of this reading are gone from this computer; "
    "look for it in the EHR and measure again if it is not there, then give this entry up"
)

Values = dict[str, Value]


def is_sealed(seal: Seal, table: str, values: Values) -> bool:
    """Tell whether what carries a checksum is what was once saved."""
    sealed = [values.get(column) for column in _SEALED.get(table, ())]
    return all(seal.fits(each) for each in sealed if isinstance(each, bytes))


def may_change_by_itself(table: str, values: Values) -> bool:
    """Tell whether the program would do something with a row without asking a person."""
    return table == "entry" and values["state"] in _WAITING


def uncertain(values: Values) -> Values:
    """Return an entry that may be out of date as one for a person."""
    return _for_a_person(values, _UNCERTAIN) | _known(values, is_doubtful=1)


def sealed_anew(seal: Seal, table: str, values: Values) -> Values:
    """Return a row for a file with another salt; what only the old one could prove goes."""
    changed = dict(values)
    for column in _SEALED.get(table, ()):
        content = changed.get(column)
        if isinstance(content, bytes):
            changed[column] = seal.sealed(content[:-CHECKSUM_BYTES])
    if "proof" in changed:
        changed["proof"] = None
    patient = changed.get("patient")
    if table == "entry" and isinstance(patient, str):
        told = f"{uuid_of(changed['reading_id'])}|{patient}"
        changed["patient_digest"] = seal.checksum(told.encode())
    return changed


def without_content(values: Values) -> Values:
    """Return an entry as a note to a person that its content is gone; a receipt as it is."""
    left = values | _known(values, patient=None, submission=None, bundle=None, content=None)
    left |= _known(values, holds=0, erase_at=None)
    if values["state"] == "sending":
        left |= _known(values, is_doubtful=1)
    return _for_a_person(left, _CONTENT_LOST) if values["state"] in _OPEN else left


def uuid_of(value: Value) -> UUID | None:
    """Return the id in a column, None where there is none."""
    try:
        if isinstance(value, bytes):
            return UUID(bytes=value)
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _for_a_person(values: Values, error: str) -> Values:
    return values | {"state": "needs-attention", "next_attempt": None, "last_error": error}


def _known(values: Values, **changes: Value) -> Values:
    """Return the changes of columns that this version of the tables has."""
    return {name: value for name, value in changes.items() if name in values}
