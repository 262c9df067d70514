"""The fuzzer in short, with every test run; `make fuzz` is the long one."""

from itertools import islice
from random import Random

import pytest
from fuzz_families import FAMILIES, Family
from fuzz_loop import VALUES, FuzzFailure, fuzz, packets_like


@pytest.mark.parametrize("name", FAMILIES)
def test_any_packet_is_a_value_or_refused(name: str) -> None:
    counts = fuzz(FAMILIES[name], packets=20_000, seed=7)
    # Both ends must be reached, or the packets test nothing.
    assert counts[VALUES] > 0
    assert counts.total() - counts[VALUES] > 0


def test_the_fuzzer_finds_what_is_no_decoding_error() -> None:
    def decode(packet: bytes) -> bool:
        return bool(packet[1])

    with pytest.raises(FuzzFailure, match="IndexError"):
        fuzz(Family(seeds=(b"\x01\x02\x03",), decode=decode), packets=1_000, seed=1)


def test_the_same_seed_makes_the_same_packets() -> None:
    def first() -> list[bytes]:
        return list(islice(packets_like((b"\x01\x02\x03",), Random(5)), 200))  # noqa: S311 - repeatable

    assert first() == first()
    assert len(set(first())) > 50
