"""What the program remembers of the frames it met."""

from ohx_desktop.ble.seen_frames import SeenFrames


def test_a_frame_belongs_to_the_listening_that_met_it_first() -> None:
    seen, first, second = SeenFrames(), object(), object()
    assert seen.meet(first, "A", b"frame") is None
    assert seen.meet(first, "A", b"frame") is first
    assert seen.meet(second, "A", b"frame") is first
    assert seen.meet(second, "B", b"frame") is None
    assert seen.meet(second, "A", b"other") is None


def test_no_frame_can_be_found_in_what_is_remembered() -> None:
    seen = SeenFrames()
    seen.meet("listening", "A", b"a measured value")
    assert b"measured" not in repr(vars(seen)).encode()


def test_the_oldest_are_forgotten_first() -> None:
    seen = SeenFrames()
    for number in range(5000):
        seen.meet("listening", "A", number.to_bytes(2, "big"))
    assert seen.meet("listening", "A", (4999).to_bytes(2, "big")) == "listening"
    assert seen.meet("listening", "A", (0).to_bytes(2, "big")) is None
