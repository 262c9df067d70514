"""What a scanned code must look like, and the identifier in it. Pure.

An admin sets the form, because a clinic's floor is full of codes: a drug, a device or a parcel
scanned by mistake must not become a search for a patient.

Source: GS1 General Specifications (element strings, application identifiers, symbology
identifiers); ISO/IEC 15424.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.check_digit import CheckDigit, fulfils
from ohx_desktop.domain.errors import OhxError

# A whole GS1 DataMatrix of a wristband stays far below; a pattern never meets more than this.
MAX_LENGTH = 200
GROUP_SEPARATOR = "\x1d"
# "]d2", "]C1", "]Q3": which kind of code it was. Scanners may put it in front.
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_APPLICATION_IDENTIFIER = re.compile(r"[0-9]{2,4}")
# Of these the length is known, so that what follows needs no separator (AI 8018: GSRN).
_FIXED_LENGTHS = {"8018": 18}
_GROUP = "identifier"


class ScanFault(StrEnum):
    """What is wrong with a scan."""

    FORM = "form"
    CHECK_DIGIT = "check-digit"


class ScanRefused(OhxError):  # noqa: N818 - reads as what happened
    """A code that is none of this clinic's wristbands. The text quotes nothing of it."""

    code = "scan-refused"
    meaning = "nobody was searched"

    def __init__(self, fault: ScanFault) -> None:
        what, hint = _WORDS[fault]
        super().__init__(what, hint=hint)
        self.fault = fault


_WORDS = {
    ScanFault.FORM: (
        "the scanned code has not the form of a wristband of this clinic",
        "scan the wristband, or type the number",
    ),
    ScanFault.CHECK_DIGIT: (
        "the check digit of the scanned number is wrong, so a digit was misread or misprinted",
        "scan again; if it stays, type the number and have a new wristband printed",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFormat:
    """The form of a scan: without settings, any code is the identifier itself.

    `pattern` must match all of the scan (with `gs1_ai`, all of that element) and names the
    identifier by a group `identifier`. Raises ValueError for a pattern that does not compile or
    has no such group, and for an application identifier that is none.
    """

    pattern: str | None = None
    check_digit: CheckDigit = CheckDigit.NONE
    gs1_ai: str | None = None

    def __post_init__(self) -> None:
        if self.pattern is not None:
            try:
                groups = re.compile(self.pattern).groupindex
            except re.error as error:
                raise ValueError(f"is no regular expression ({error.msg})") from None
            if _GROUP not in groups:
                raise ValueError("must have a group (?P<identifier>…)")
        if self.gs1_ai is not None and not _APPLICATION_IDENTIFIER.fullmatch(self.gs1_ai):
            raise ValueError("must be two to four digits, such as 8018")

    @property
    def is_set(self) -> bool:
        """True where an admin has set a form."""
        return self != ScanFormat()

    def identifier_in(self, scan: str) -> str:
        """Return the identifier in a scan, without gaps at its ends. Raises ScanRefused."""
        if len(scan) > MAX_LENGTH:
            raise ScanRefused(ScanFault.FORM)
        text = _SYMBOLOGY.sub("", scan.strip(), count=1) if scan.startswith("]") else scan.strip()
        if self.gs1_ai is not None:
            text = _element(text, self.gs1_ai)
        identifier = self._named(text).strip()
        if not (identifier and identifier.isprintable()):
            raise ScanRefused(ScanFault.FORM)
        if not fulfils(self.check_digit, re.sub(r"[ -]", "", identifier)):
            raise ScanRefused(ScanFault.CHECK_DIGIT)
        return identifier

    def _named(self, text: str) -> str:
        if self.pattern is None:
            return text
        found = re.fullmatch(self.pattern, text)
        if found is None:
            raise ScanRefused(ScanFault.FORM)
        return found[_GROUP] or ""


def _element(text: str, ai: str) -> str:
    """Return the value of one element: at the start of the code or after a group separator.

    Elsewhere an application identifier could as well be part of another value.
    """
    for part in text.split(GROUP_SEPARATOR):
        for start in (f"({ai})", ai):
            if part.startswith(start):
                value = part.removeprefix(start)
                return value[: _FIXED_LENGTHS.get(ai, len(value))]
    raise ScanRefused(ScanFault.FORM)
