import pytest

from ohx_desktop.resource_files import resource, resources


def test_a_file_of_the_program_is_found() -> None:
    assert resource("icons/upper-arm-cuff.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_missing_file_is_named_without_a_path_of_this_computer() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        resource("fonts/none.otf")
    assert "fonts/none.otf" in str(caught.value)
    assert str(resources()) not in str(caught.value)
