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


def test_what_was_met_is_known_for_ever_and_the_memory_does_not_grow() -> None:
    seen = SeenFrames()
    for number in range(6000):
        assert seen.meet("listening", "A", number.to_bytes(2, "big")) is None
    assert len(seen._listening_of) == 4096
    size = len(seen._ever_met)
    for number in range(6000):
        assert seen.meet("the next one", "A", number.to_bytes(2, "big")) is not None
    assert len(seen._ever_met) == size
    assert len(seen._listening_of) == 4096


def test_what_was_met_long_ago_is_of_another_listening_than_the_present_one() -> None:
    seen = SeenFrames()
    for number in range(5000):
        seen.meet("listening", "A", number.to_bytes(2, "big"))
    assert seen.meet("listening", "A", (4999).to_bytes(2, "big")) == "listening"
    assert seen.meet("listening", "A", (0).to_bytes(2, "big")) not in (None, "listening")


def test_what_a_device_goes_on_sending_is_kept_with_its_listening() -> None:
    seen = SeenFrames()
    seen.meet("listening", "A", b"sent at each connection")
    for number in range(8000):
        seen.meet("listening", "A", number.to_bytes(2, "big"))
        if number % 1000 == 0:
            assert seen.meet("listening", "A", b"sent at each connection") == "listening"
