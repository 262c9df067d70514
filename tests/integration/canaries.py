"""What must not be on a stolen disk, in every form in which it could lie there.

A new kind of data that the program handles is one row of CANARIES; what makes it travel is a step
of `stolen_child.py` or a command in `test_stolen_disk.py`.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One thing that is seeded: texts in which it may be written, and bytes as a device sends."""

    what: str
    texts: tuple[str, ...] = ()
    raw: tuple[bytes, ...] = ()


# A person whom nobody else is.
FAMILY, GIVEN, BORN = "Quïllfeather", "Zebedée", "1931-07-29"
NUMBER = "888 417 2093"
PATIENT_ID = "pat-canary-7731"
# mmHg, mmHg, beats/min: no other number of the test looks like these together.
CONFIRMED, LEFT, REFUSED, UNSENT = (
    (187, 103, 59),
    (191, 109, 63),
    (193, 113, 67),
    (197, 127, 69),
)
SUBMITTED = ("173", "111")
STAFF_PIN = "73915208"
KEY_PIN = "grün zebra 4471 falter"
WRONG_KEY_PIN = "grün zebra 4472 falter"
CLIENT_SECRET = "s3cret-of-the-clinic/+=7731"  # noqa: S105 - a canary
BASIC_SECRET = "pa55word-of-the-proxy-7731"  # noqa: S105 - a canary
CRASH = "the text of an exception that quotes 187/103 of Quillfeather"


def _pressure(systolic: int | str, diastolic: int | str) -> tuple[str, ...]:
    """Return two values as programs write them beside each other, or one as FHIR has it."""
    return (
        f"{systolic}/{diastolic}",
        f"{systolic}, {diastolic}",
        f"{systolic} {diastolic}",
        *(
            form.format(value=value)
            for value in (systolic, diastolic)
            for form in ('"value":{value}', '"value": {value}', '"value":"{value}', "'{value}'")
        ),
    )


def _sfloats(systolic: int, diastolic: int) -> bytes:
    """Return three SFLOATs with exponent 0 (IEEE 11073-20601), as the virtual cuff sends them."""
    mean = diastolic + (systolic - diastolic) // 3
    return b"".join(value.to_bytes(2, "little") for value in (systolic, diastolic, mean))


CANARIES = (
    Canary(what="family name", texts=(FAMILY, FAMILY.replace("ï", "i"))),
    Canary(what="given name", texts=(GIVEN,)),
    Canary(what="birth date", texts=(BORN, "29.07.1931", "29-Jul-1931", "19310729", "29/07/1931")),
    Canary(what="number", texts=(NUMBER, NUMBER.replace(" ", ""), NUMBER.replace(" ", "-"))),
    Canary(what="patient id", texts=(PATIENT_ID,)),
    *(
        Canary(what=what, texts=_pressure(*values[:2]), raw=(_sfloats(*values[:2]),))
        for what, values in (
            ("confirmed reading", CONFIRMED),
            ("reading left in the tray", LEFT),
            ("refused record", REFUSED),
            ("reading that was not sent", UNSENT),
        )
    ),
    Canary(what="submitted reading", texts=_pressure(*SUBMITTED)),
    Canary(what="staff PIN", texts=(STAFF_PIN,)),
    Canary(what="PIN of the queue", texts=(KEY_PIN, WRONG_KEY_PIN)),
    Canary(what="client secret", texts=(CLIENT_SECRET, BASIC_SECRET)),
    Canary(what="text of an exception", texts=(CRASH,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A canary where it must not be."""

    what: str
    form: str
    where: str


class Search:
    """Looks for canaries in bytes. `more` are canaries that are known only at run time."""

    def __init__(self, more: Sequence[Canary] = ()) -> None:
        self._needles = [needle for one in (*CANARIES, *more) for needle in _needles(one)]

    def in_bytes(self, content: bytes, where: str) -> Iterator[Hit]:
        """Yield every canary in this content."""
        folded = content.lower()
        for what, form, needle, exact in self._needles:
            if needle in (content if exact else folded):
                yield Hit(what=what, form=form, where=where)

    def in_folder(self, folder: Path) -> list[Hit]:
        """Return every canary in the names and the content of all files below."""
        hits: list[Hit] = []
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            hits += self.in_bytes(name.encode(), f"the name {name}")
            try:
                content = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:
                continue  # a temporary file, gone meanwhile
            hits += self.in_bytes(content, name)
        return hits

    def in_process(self, process: int) -> list[Hit]:
        """Return every canary on the command line and in the environment of a process (Linux)."""
        hits: list[Hit] = []
        for part in ("cmdline", "environ"):
            path = Path("/proc") / str(process) / part
            if path.exists():
                hits += self.in_bytes(path.read_bytes(), str(path))
        return hits


def forms(text: str) -> Iterator[tuple[str, bytes, bool]]:
    """Yield the ways in which a program may write a text; the last tells if case counts."""
    plain = text.encode()
    yield "plain", plain, False
    yield "UTF-16 LE", text.encode("utf-16-le"), False
    yield "UTF-16 BE", text.encode("utf-16-be"), False
    yield "Latin-1", text.encode("latin-1", errors="replace"), False
    yield "hexadecimal", plain.hex().encode(), False
    yield "URL", quote(text, safe="").encode(), False
    yield "form", quote_plus(text).encode(), False
    yield "JSON", json.dumps(text)[1:-1].encode(), False
    yield "JSON in JSON", json.dumps(json.dumps(text))[3:-3].encode(), False
    yield from _base64(plain)
    yield from _base64(text.encode("utf-16-le"))


def written_forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield a text as programs really write it, for the test of the search itself."""
    yield "plain", text.encode()
    yield "upper case", text.upper().encode()
    yield "UTF-16", text.encode("utf-16")
    yield "hexadecimal", text.encode().hex().upper().encode()
    yield "URL", quote(text, safe="").encode()
    yield "form", quote_plus(text).encode()
    yield "JSON", json.dumps({"a": text}).encode()
    yield "JSON in JSON", json.dumps(json.dumps({"a": text})).encode()
    for before in range(3):
        yield "base64", base64.b64encode(b"x" * before + text.encode() + b"behind")
        yield "base64url", base64.urlsafe_b64encode(b"x" * before + text.encode())


def _base64(content: bytes) -> Iterator[tuple[str, bytes, bool]]:
    # Where the canary begins in a group of three decides how it looks; the edges mix with others.
    for before, mixed in enumerate((0, 2, 3)):
        cut = base64.b64encode(b"\0" * before + content)[mixed:].rstrip(b"=")[:-1]
        yield "base64", cut, True
        yield "base64url", cut.replace(b"+", b"-").replace(b"/", b"_"), True


def _needles(canary: Canary) -> Iterator[tuple[str, str, bytes, bool]]:
    # The search ignores the case of ASCII letters only.
    spellings = {spelt for text in canary.texts for spelt in (text, text.upper(), text.lower())}
    for text in spellings:
        for form, needle, exact in forms(text):
            yield canary.what, form, needle if exact else needle.lower(), exact
    for raw in canary.raw:
        yield canary.what, "bytes", raw, True
        yield canary.what, "hexadecimal", raw.hex().encode(), False
        for form, needle, exact in _base64(raw):
            if len(needle) >= 5:  # shorter ones are found by chance
                yield canary.what, form, needle, exact
