"""Saving what is whole of a damaged queue into a new file; the damaged one stays, untouched."""

import json
from dataclasses import replace
from pathlib import Path

from ohx_desktop.outbox.salvage_filling import Filling
from ohx_desktop.outbox.salvage_report import SalvageReport
from ohx_desktop.outbox.salvaged_rows import find_rows
from ohx_desktop.storage.database import translated
from ohx_desktop.storage.opening import fits_together
from ohx_desktop.storage.replacing import (
    damaged_file,
    decide,
    discard_unfinished,
    finish_replacing,
    unfinished_file,
)
from ohx_desktop.storage.whole_pages import read_whole_pages


def salvage(database: Path, key: bytes, *, stamp: str) -> SalvageReport | None:
    """Put a new file with all that is whole in the place of a damaged one; None if none is damaged.

    The damaged file stays beside it, its name with `damaged-<stamp>`, and so does the report. For
    whoever holds the opening lock, while nobody else has the file open. A crash at any moment
    leaves the old file or the new one. Blocking. Raises StoreKeyWrong, StoreDamaged (nothing can be
    proven), StoreTooNew, StoreEnvironment.
    """
    with translated():
        finish_replacing(database)
        discard_unfinished(database)
        whole = read_whole_pages(database, key)
        if whole.are_all:
            if fits_together(database, unfinished_file(database), key):
                return None
            whole = replace(whole, old=frozenset(whole.pages))
        found = find_rows(whole)
        report = Filling(whole, found).into(unfinished_file(database), key)
        note = damaged_file(database, stamp).with_suffix(".json")
        note.write_text(json.dumps(report.to_json(), indent=2) + "\n", "utf-8")
        decide(database, stamp)
        return report
