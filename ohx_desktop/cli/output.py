"""What commands print: sentences for people, or NDJSON for programs."""

import io
import json
import sys
from collections.abc import Mapping
from typing import Any

from ohx_desktop.domain.errors import OhxError


class Output:
    """Stdout and stderr of one command.

    With `as_json`, stdout carries one JSON object a line, flushed at once, and nothing else.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # JSON is UTF-8 whatever the terminal is; people get a mark for what theirs cannot show.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        if as_json and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")

    def item(self, form: Mapping[str, Any], text: str) -> None:
        """Print one result: `form` for programs, `text` for people."""
        if self.as_json:
            print(json.dumps(form, ensure_ascii=False), flush=True)
        else:
            print(text, flush=True)

    def raw(self, line: str) -> None:
        """Print a line that is a document of its own, the same for both."""
        print(line, flush=True)

    def note(self, text: str) -> None:
        """Tell people how it goes, on stderr."""
        print(text, file=sys.stderr, flush=True)

    def error(self, error: OhxError) -> None:
        """Print an error in both forms."""
        if self.as_json:
            form = {"code": error.code, "message": f"{error.what}; {error.meaning}"}
            reason = getattr(error, "reason", None)
            more = {} if reason is None else {"reason": reason}
            print(json.dumps({"error": {**form, "hint": error.hint, **more}}), flush=True)
        self.note(f"error: {error}")
