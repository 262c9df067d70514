"""Whatever is done to a chain is found, and the first place is named."""

import json
from dataclasses import replace

import pytest
from audit_samples import ORIGIN, RECORDS, chain_of, records
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.audit.chain import Anchor, Break, Broken, Link, linked, verify
from ohx_desktop.audit.line import lines_of, link_from_json, link_to_json, links_in
from ohx_desktop.audit.record import AuditRecord, NotARecord, canonical

CHAINS = st.lists(RECORDS, min_size=1, max_size=5).map(chain_of)


def broken(links: list[Link]) -> Broken:
    found = verify(links, ORIGIN).broken
    assert found is not None, "the change was not found"
    return found


@given(CHAINS)
def test_a_chain_that_nobody_touched_holds(links: list[Link]) -> None:
    report = verify(links, ORIGIN, heads=[link.digest for link in links])
    assert report.broken is None
    assert (report.checked, report.head) == (len(links), links[-1].anchor)


def test_an_empty_chain_ends_where_it_begins() -> None:
    assert verify([], ORIGIN, heads=[ORIGIN.digest]).head == ORIGIN


@given(CHAINS, st.data())
def test_any_bit_that_is_changed_is_found_at_its_record(
    links: list[Link], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    part = data.draw(st.sampled_from(["content", "digest"]))
    value = bytearray(getattr(links[at], part))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    links[at] = replace(links[at], **{part: bytes(value)})
    assert broken(links) == Broken(Break.CHANGED, at + 1)


@given(CHAINS, RECORDS, st.data())
def test_a_record_replaced_with_its_digest_is_found_at_the_next(
    links: list[Link], record: AuditRecord, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    before = links[at - 1].anchor if at else ORIGIN
    forged = linked(before, canonical(record))
    changed = [*links[:at], forged, *links[at + 1 :]]
    if forged == links[at]:
        return
    if at + 1 < len(links):
        assert broken(changed) == Broken(Break.CHANGED, at + 2)
    else:  # the end: only a head that was noted elsewhere tells
        report = verify(changed, ORIGIN, heads=[links[-1].digest])
        assert report.broken == Broken(Break.HEAD_UNKNOWN, None)


@given(CHAINS, st.data())
def test_a_record_that_was_taken_out_is_found(links: list[Link], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    rest = links[:at] + links[at + 1 :]
    if at < len(rest):
        assert broken(rest) == Broken(Break.MISSING, at + 2)
        renumbered = rest[:at] + [replace(link, seq=link.seq - 1) for link in rest[at:]]
        assert broken(renumbered) == Broken(Break.CHANGED, at + 1)
    else:
        report = verify(rest, ORIGIN, heads=[links[-1].digest])
        assert report.broken == Broken(Break.HEAD_UNKNOWN, None)


@given(CHAINS, RECORDS, st.data())
def test_a_record_that_was_put_in_is_found(
    links: list[Link], record: AuditRecord, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(links) - 1))
    before = links[at - 1].anchor if at else ORIGIN
    forged = linked(before, canonical(record))
    found = broken([*links[:at], forged, *links[at:]])
    assert found == Broken(Break.OUT_OF_ORDER, at + 1)
    moved = [replace(link, seq=link.seq + 1) for link in links[at:]]
    assert broken([*links[:at], forged, *moved]) == Broken(Break.CHANGED, at + 2)


@given(CHAINS.filter(lambda links: len(links) > 1), st.data())
def test_records_that_were_swapped_are_found(links: list[Link], data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(links) - 2))
    other = data.draw(st.integers(one + 1, len(links) - 1))
    links[one], links[other] = links[other], links[one]
    assert broken(links) == Broken(Break.MISSING, other + 1)
    links[one], links[other] = (
        replace(links[one], seq=one + 1),
        replace(links[other], seq=other + 1),
    )
    assert broken(links) == Broken(Break.CHANGED, one + 1)


@given(CHAINS)
def test_a_chain_of_another_file_is_found_at_its_first_record(links: list[Link]) -> None:
    found = verify(links, Anchor(0, bytes(32))).broken
    assert found == Broken(Break.CHANGED, 1)


def test_a_chain_that_was_wholly_written_anew_is_told_by_a_head_noted_elsewhere() -> None:
    noted = chain_of(records(5))[2].digest
    forged = chain_of(reversed(records(5)))
    assert verify(forged, ORIGIN).broken is None
    assert verify(forged, ORIGIN, heads=[noted]).broken == Broken(Break.HEAD_UNKNOWN, None)


# ── as lines ─────────────────────────────────────────────────────────────────────────────────


@given(CHAINS)
def test_links_come_back_from_their_lines(links: list[Link]) -> None:
    origin, read = links_in(lines_of(ORIGIN, links))
    assert (origin, list(read)) == (ORIGIN, links)


@pytest.mark.parametrize("name", sorted(link_to_json(chain_of(records(1))[0])))
def test_no_field_of_a_line_can_be_changed_unseen(name: str) -> None:
    lines = list(lines_of(ORIGIN, chain_of(records(3))))
    form = json.loads(lines[2])
    form[name] = {"seq": 7, "at": 5, "outcome": "failure", "digest": "00" * 32}.get(name, "x1")
    origin, read = links_in([*lines[:2], json.dumps(form), lines[3]])
    report = verify(read, origin)
    assert report.broken is not None
    assert report.checked == 1
    assert report.broken.seq in {2, 7, None}


@pytest.mark.parametrize("line", ["", "{", "[]", "1", '{"schema": "other"}'])
def test_what_is_no_archive_is_refused(line: str) -> None:
    with pytest.raises(NotARecord):
        links_in([line])


@pytest.mark.parametrize("form", [None, [], "x", {}, {"seq": "1"}])
def test_what_is_no_link_is_refused(form: object) -> None:
    with pytest.raises(NotARecord):
        link_from_json(form)
