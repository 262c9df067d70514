"""Logs hold no health data; the doctor names every problem and the next action."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.domain.errors import ExitCode, RadioReason, RadioUnavailable, StoreEnvironment
from ohx_desktop.ops.doctor import Check, Finding, check_disk, examine
from ohx_desktop.ops.logging import Field, configure_logging, log_event, log_problem


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    configure_logging(tmp_path)
    yield tmp_path / "ohx-desktop.log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_an_event_has_a_name_and_known_fields(log: Path) -> None:
    log_event("reading.queued", {Field.ENTRY: UUID(int=7), Field.STATE: "queued"})
    (line,) = lines(log)
    assert line["event"] == "reading.queued"
    assert (line["entry"], line["state"]) == (str(UUID(int=7)), "queued")


def test_neither_errors_nor_bugs_nor_libraries_can_bring_a_canary_into_the_log(log: Path) -> None:
    log_problem(StoreEnvironment("CANARY"))
    try:
        raise ValueError("CANARY 128/82")
    except ValueError as error:
        log_problem(error)
    logging.getLogger("bleak.backends").warning("value was %s", "CANARY")
    try:
        raise ValueError("CANARY")
    except ValueError:
        logging.getLogger("somebody").exception("CANARY")
    assert "CANARY" not in log.read_text()
    events = [line["event"] for line in lines(log)]
    assert events == ["problem", "bug", "library", "library"]
    assert lines(log)[0]["code"] == "store-environment"


def test_a_log_that_cannot_be_written_is_silent_and_begins_once_it_can_be(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.mkdir()
    log_event("reading.queued")
    logging.getLogger("bleak.backends").warning("value was %s", "CANARY")
    assert capsys.readouterr() == ("", "")
    log.rmdir()
    log_event("reading.filed")
    assert [line["event"] for line in lines(log)] == ["reading.filed"]


async def test_one_failing_check_does_not_hide_the_next() -> None:
    async def fails() -> str:
        raise RadioUnavailable("no adapter", reason=RadioReason.NO_ADAPTER, hint="plug one in")

    async def works() -> str:
        return "well"

    findings = [
        finding
        async for finding in examine(
            (Check(name="bluetooth", run=fails), Check(name="ehr", run=works))
        )
    ]
    assert [finding.is_well for finding in findings] == [False, True]
    assert (findings[0].action, findings[0].exit_code) == ("plug one in", ExitCode.DEVICE)


async def test_the_slowest_check_decides_how_long_it_takes_and_the_order_stays() -> None:
    met = asyncio.Barrier(2)

    async def waits_for_the_other() -> str:
        await asyncio.wait_for(met.wait(), 5)
        return "well"

    checks = [Check(name=name, run=waits_for_the_other) for name in ("one", "other")]
    findings = [finding async for finding in examine(checks, at_once=True)]
    assert [(finding.check, finding.verdict) for finding in findings] == [
        ("one", "ok"),
        ("other", "ok"),
    ]


async def test_a_warning_is_no_failure() -> None:
    async def warns() -> tuple[Finding, ...]:
        return (
            Finding(check="a", detail="well"),
            Finding(check="a", detail="old", cause="too-old", action="renew it"),
        )

    findings = [finding async for finding in examine([Check(name="a", run=warns)])]
    assert [(one.verdict, one.is_well) for one in findings] == [("ok", True), ("warning", True)]


def test_a_nearly_full_disk_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "free" in check_disk(tmp_path)
    monkeypatch.setattr("ohx_desktop.ops.doctor._FREE_BYTES_NEEDED", 1 << 62)
    with pytest.raises(StoreEnvironment):
        check_disk(tmp_path)
