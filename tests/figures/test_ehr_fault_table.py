"""Whatever an EHR does, it has the reading exactly once in the end, or it is still queued."""

from ehr_fault_table import all_lines

from ohx_desktop.outbox.states import EntryState


async def test_no_fault_of_the_ehr_loses_or_doubles_a_reading() -> None:
    lines = await all_lines()
    assert [(line.fault, line.broken) for line in lines if line.broken] == []
    assert {line.fault: line.in_ehr for line in lines} == {line.fault: 1 for line in lines}
    assert {line.afterwards for line in lines} == {EntryState.VERIFIED}
    # Whoever looks meanwhile is told why a reading has not arrived.
    silent = {line.fault for line in lines if not line.told and line.in_ehr_meanwhile == 0}
    assert silent == {"delay"}
