"""A plain, fast loop: random and mutated packets, each a value or a named refusal.

Everything follows from the seed, so a failure is found again by it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random

from fuzz_families import Family

from ohx_desktop.cloud.errors import CloudError
from ohx_desktop.domain.errors import DecodingError

_LONGEST = 32
_BATCH = 20_000
VALUES = "values"


class FuzzFailure(Exception):  # noqa: N818 - a finding
    """A packet that became neither. The packet was made up, so it may be shown."""


def fuzz(
    family: Family,
    *,
    packets: int,
    seed: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> Counter[str]:
    """Return how many packets became values, and how many were refused by each code.

    Raises FuzzFailure for the first packet that raised anything else or gave an implausible value.
    """
    counts: Counter[str] = Counter()
    source = packets_like(family.seeds, Random(seed))  # noqa: S311 - repeatable, not secret
    done = 0
    while done < packets:
        batch = min(_BATCH, packets - done)
        for packet in islice(source, batch):
            try:
                family.decode(packet)
            except (DecodingError, CloudError) as refused:
                counts[refused.code] += 1
            except Exception as error:
                raise FuzzFailure(f"{packet.hex()}: {error!r}") from error
            else:
                counts[VALUES] += 1
        done += batch
        progress(done)
    return counts


def packets_like(seeds: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """Yield packets for ever: some random, most near to a seed, for those get furthest."""
    while True:
        seed = random.choice(seeds)
        match random.randrange(8):
            case 0:
                yield random.randbytes(random.randrange(_LONGEST))
            case 1:
                yield seed[: random.randrange(len(seed) + 1)]
            case 2:
                yield seed + random.randbytes(random.randrange(1, 4))
            case 3:
                other = random.choice(seeds)
                yield seed[: random.randrange(len(seed))] + other[random.randrange(len(other)) :]
            case 4:
                # The right form with other contents.
                yield seed[:1] + random.randbytes(len(seed) - 1)
            case _:
                yield _changed(seed, random)


def _changed(seed: bytes, random: Random) -> bytes:
    packet = bytearray(seed)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(packet))
        if random.getrandbits(1):
            packet[place] ^= 1 << random.randrange(8)
        else:
            packet[place] = random.getrandbits(8)
    return bytes(packet)
