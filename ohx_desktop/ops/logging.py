"""The log: names of events with fields from a closed list, so that no health data can slip in.

A value, a name or raw bytes have no field here; an exception is logged by its code. Libraries may
log from WARNING on, but only that they did and where: their texts may quote what they handled.
"""

import asyncio
import json
import logging
import logging.handlers
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from ohx_desktop.domain.errors import OhxError

_LOGGER = logging.getLogger("ohx")
# A month of a busy station; small enough to send to support.
_MAX_BYTES, _FILES = 1_000_000, 5


class Field(StrEnum):
    """What may be told of an event."""

    ENTRY = "entry"
    STATE = "state"
    CODE = "code"
    VERSION = "version"
    HEAD = "head"
    COUNT = "count"


def log_event(
    name: str, fields: dict[Field, UUID | Enum | str | int | float] | None = None
) -> None:
    """Log one event, such as `reading.queued`."""
    told = {field.value: _plain(value) for field, value in (fields or {}).items()}
    _LOGGER.info(name, extra={"fields": told})


def log_problem(error: BaseException) -> None:
    """Log an error by its code, or a bug by its type and place, never by its text."""
    if isinstance(error, OhxError):
        _LOGGER.warning("problem", extra={"fields": {Field.CODE.value: error.code}})
        return
    fields = {"type": type(error).__name__, "place": place_of(error)}
    _LOGGER.error("bug", extra={"fields": fields})


def place_of(error: BaseException) -> str:
    """Return the module and line where an error was raised; empty where none is known."""
    place, trace = "", error.__traceback__
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def report_bugs_of(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop report failures nobody awaits by type and place; its own texts quote values."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log_problem(context.get("exception") or RuntimeError("without an exception"))

    loop.set_exception_handler(handle)


def configure_logging(folder: Path) -> None:
    """Log into `folder` from now on. Blocking.

    A log that cannot be written keeps nobody from measuring: it begins once it can be.
    """
    handler = _LogFile(
        folder / "ohx-desktop.log",
        maxBytes=_MAX_BYTES,
        backupCount=_FILES,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOGGER.setLevel(logging.INFO)


class _LogFile(logging.handlers.RotatingFileHandler):
    """The log's files."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Let a line go that cannot be written: logging would print its texts, which may quote."""


class _JsonLines(logging.Formatter):
    """One JSON object a line; of foreign records only who and where."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name == _LOGGER.name:
            line |= {"event": record.msg, **getattr(record, "fields", {})}
        else:
            line |= {"event": "library", "name": record.name, "place": f"{record.lineno}"}
        return json.dumps(line)


def _plain(value: UUID | Enum | str | float) -> str | int | float:
    if isinstance(value, Enum):
        return str(value.value)
    return str(value) if isinstance(value, UUID) else value
