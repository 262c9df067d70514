"""What the kernel's files tell of adapters and radio switches, whatever is missing of them."""

from pathlib import Path

import pytest

from ohx_desktop.ble.facts import Block
from ohx_desktop.ble.kernel_facts import KernelFacts, kernel_facts


def switch(root: Path, number: int, **files: str) -> None:
    folder = root / "class" / "rfkill" / f"rfkill{number}"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def test_switches_and_adapters_are_read_as_the_kernel_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(tmp_path, 0, type="bluetooth\n", hard="0\n", soft="1\n")
    switch(tmp_path, 1, type="wlan\n", hard="1\n", soft="0\n")
    interface = tmp_path / "devices" / "usb1" / "1-4" / "1-4:1.0"
    for adapter in ("hci0", "hci0:64", "hci12"):
        (tmp_path / "class" / "bluetooth" / adapter).mkdir(parents=True)
    interface.mkdir(parents=True)
    (interface.parent / "idVendor").write_text("0a12\n")
    (interface.parent / "idProduct").write_text("0001\n")
    (tmp_path / "class" / "bluetooth" / "hci0" / "device").symlink_to(interface)
    monkeypatch.setenv("SYSFS_PATH", str(tmp_path))
    assert kernel_facts() == KernelFacts(
        # A link to a device is no adapter; one that is no USB device has no ids.
        adapters={"hci0": (0x0A12, 0x0001), "hci12": None},
        blocks=(Block(radio="bluetooth", soft=True), Block(radio="wlan", hard=True)),
    )


def test_no_sysfs_is_not_no_adapter(tmp_path: Path) -> None:
    assert kernel_facts(tmp_path) == KernelFacts(adapters=None, blocks=())
    (tmp_path / "class").mkdir()
    assert kernel_facts(tmp_path) == KernelFacts(adapters={}, blocks=())


def test_a_switch_that_is_just_unplugged_is_none(tmp_path: Path) -> None:
    switch(tmp_path, 0, type="bluetooth\n", hard="0\n")
    switch(tmp_path, 1, type="bluetooth\n", hard="0\n", soft="0\n")
    assert kernel_facts(tmp_path).blocks == (Block(radio="bluetooth"),)
