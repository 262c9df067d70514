"""Why Bluetooth, or a registered device, does not work: each cause with its words and its remedy.

The one table of it: `doctor` prints it, and docs/bluetooth.md is written from it. `action` is for
whoever sits at the desk, `for_it` says the same to an administrator, by operating system. Codes
are stable: scripts and support go by them.

Source: BlueZ documentation (org.bluez.Adapter, org.bluez.AgentManager), systemd's D-Bus interface,
Linux rfkill documentation, bleak documentation; reports of users of Omron and Beurer devices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is: readings do not come (`PROBLEM`), or may soon not come (`WARNING`)."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Cause(StrEnum):
    """A cause, from the computer's side to the device's."""

    NO_SYSTEM_BUS = "no-system-bus"
    SANDBOXED = "sandboxed"
    NOT_PERMITTED = "not-permitted"
    SERVICE_NOT_INSTALLED = "service-not-installed"
    SERVICE_DISABLED = "service-disabled"
    SERVICE_STOPPED = "service-stopped"
    SERVICE_CRASHED = "service-crashed"
    SERVICE_SILENT = "service-silent"
    SERVICE_TOO_OLD = "service-too-old"
    NO_ADAPTER = "no-adapter"
    ADAPTER_FAILED = "adapter-failed"
    HARD_BLOCKED = "hard-blocked"
    FLIGHT_MODE = "flight-mode"
    SOFT_BLOCKED = "soft-blocked"
    ADAPTER_OFF = "adapter-off"
    NO_LOW_ENERGY = "no-low-energy"
    SCAN_FAILED = "scan-failed"
    NO_PAIRING_AGENT = "no-pairing-agent"
    SEVERAL_ADAPTERS = "several-adapters"
    TROUBLESOME_ADAPTER = "troublesome-adapter"

    COMPUTER_FORGOT_BOND = "computer-forgot-bond"
    DEVICE_FORGOT_BOND = "device-forgot-bond"
    PAIRED_ELSEWHERE = "paired-elsewhere"
    DEVICE_BLOCKED = "device-blocked"
    SESSION_FAILED = "session-failed"
    NOT_HEARD = "not-heard"
    WEAK_SIGNAL = "weak-signal"
    BATTERY_LOW = "battery-low"
    CLOCK_NOT_SET = "clock-not-set"


LINUX, WINDOWS, MACOS = "linux", "win32", "darwin"
"""Operating systems as `sys.platform` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a cause is called, how bad it is, and what helps. `for_it` by operating system."""

    verdict: Verdict
    what: str
    action: str
    for_it: Mapping[str, str] = field(default_factory=dict)

    def remedy(self, platform: str) -> str:
        """Return the next action, with what an administrator can do on this platform."""
        detail = self.for_it.get(platform)
        return self.action if detail is None else f"{self.action} (IT: {detail})"


def _problem(what: str, action: str, **for_it: str) -> Advice:
    return Advice(verdict=Verdict.PROBLEM, what=what, action=action, for_it=for_it)


def _warning(what: str, action: str, **for_it: str) -> Advice:
    return Advice(verdict=Verdict.WARNING, what=what, action=action, for_it=for_it)


_CALL_IT = "call your administrator"

ADVICE: Mapping[Cause, Advice] = {
    Cause.NO_SYSTEM_BUS: _problem(
        "the system bus of this computer, by which programs reach Bluetooth, is not there",
        _CALL_IT,
        linux="start D-Bus (systemctl status dbus); in a container, mount "
        "/run/dbus/system_bus_socket",
    ),
    Cause.SANDBOXED: _problem(
        "this program was installed in a closed box that has no way to Bluetooth",
        _CALL_IT,
        linux="allow it the system bus name org.bluez: flatpak override "
        "--system-talk-name=org.bluez, or snap connect …:bluez",
    ),
    Cause.NOT_PERMITTED: _problem(
        "this account or program may not use Bluetooth",
        "allow it in the privacy settings of this computer, or call your administrator",
        linux="add the account to the group bluetooth and sign in again, or let the D-Bus policy "
        "allow send_destination org.bluez",
        win32="Settings, Privacy and security, Radios: let desktop apps use them",
        darwin="System Settings, Privacy and Security, Bluetooth: allow this program",
    ),
    Cause.SERVICE_NOT_INSTALLED: _problem(
        "the Bluetooth service is not installed on this computer",
        _CALL_IT,
        linux="install the package bluez",
    ),
    Cause.SERVICE_DISABLED: _problem(
        "the Bluetooth service was disabled by an administrator",
        _CALL_IT,
        linux="systemctl unmask bluetooth && systemctl enable --now bluetooth",
    ),
    Cause.SERVICE_STOPPED: _problem(
        "the Bluetooth service of this computer is not running",
        "restart this computer; if that does not help, call your administrator",
        linux="systemctl enable --now bluetooth",
        win32="start the Bluetooth Support Service",
    ),
    Cause.SERVICE_CRASHED: _problem(
        "the Bluetooth service of this computer has crashed",
        "restart this computer; if that does not help, call your administrator",
        linux="journalctl -u bluetooth tells why; systemctl restart bluetooth",
    ),
    Cause.SERVICE_SILENT: _problem(
        "the Bluetooth service of this computer does not answer",
        "restart this computer; if that does not help, call your administrator",
        linux="systemctl restart bluetooth",
    ),
    Cause.SERVICE_TOO_OLD: _problem(
        "the Bluetooth service of this computer is too old",
        _CALL_IT,
        linux="update BlueZ to 5.55 or newer",
    ),
    Cause.NO_ADAPTER: _problem(
        "this computer has no Bluetooth adapter",
        "plug in a Bluetooth adapter (4.2 or newer), or unplug it and plug it in again",
        linux="lsusb shows whether it is seen; the kernel needs the module btusb; some firmware "
        "settings switch the adapter off",
    ),
    Cause.ADAPTER_FAILED: _problem(
        "the Bluetooth adapter is plugged in but did not start",
        "unplug the adapter and plug it in again, or restart this computer",
        linux="dmesg | grep -i bluetooth tells why; often its firmware package is missing",
    ),
    Cause.HARD_BLOCKED: _problem(
        "Bluetooth is switched off by a switch or key on this computer",
        "move the wireless switch of this computer, or press its wireless key",
        linux="rfkill list shows it as hard blocked; the firmware settings may do so, too",
    ),
    Cause.FLIGHT_MODE: _problem(
        "this computer is in flight mode",
        "switch flight mode off",
        linux="rfkill unblock all",
    ),
    Cause.SOFT_BLOCKED: _problem(
        "Bluetooth is blocked in the settings of this computer",
        "switch Bluetooth on in the settings of this computer",
        linux="rfkill unblock bluetooth",
    ),
    Cause.ADAPTER_OFF: _problem(
        "Bluetooth is switched off",
        "switch Bluetooth on in the settings of this computer",
        linux="bluetoothctl power on; AutoEnable=true in /etc/bluetooth/main.conf keeps it on",
    ),
    Cause.NO_LOW_ENERGY: _problem(
        "the Bluetooth adapter cannot talk to cuffs and scales (no Bluetooth Low Energy)",
        "plug in a Bluetooth adapter of version 4.2 or newer",
        linux="the adapter lacks the central role; ControllerMode in /etc/bluetooth/main.conf "
        "must not be bredr",
    ),
    Cause.SCAN_FAILED: _problem(
        "Bluetooth looks well but does not listen",
        "switch Bluetooth off and on again",
        linux="systemctl restart bluetooth; journalctl -u bluetooth tells more",
    ),
    Cause.NO_PAIRING_AGENT: _warning(
        "the Bluetooth service does not let this program pair devices; those paired already work",
        "close other Bluetooth programs and try again, or call your administrator",
        linux="org.bluez.AgentManager1 refused RegisterAgent; check the D-Bus policy",
    ),
    Cause.SEVERAL_ADAPTERS: _warning(
        "this computer has several Bluetooth adapters; a device paired with one is unknown to the "
        "other",
        "keep one adapter, or have the others switched off",
        linux="bluetoothctl list",
    ),
    Cause.TROUBLESOME_ADAPTER: _warning(
        "this kind of Bluetooth adapter (CSR8510 and copies) is known to fail with cuffs",
        "if devices are lost or do not pair, use another Bluetooth adapter",
    ),
    Cause.COMPUTER_FORGOT_BOND: _problem(
        "this computer no longer knows the device it was paired with",
        "put the device into pairing mode and enrol it again: ohx-desktop enroll ADDRESS",
    ),
    Cause.DEVICE_FORGOT_BOND: _problem(
        "the device seems to have forgotten this computer",
        "remove the device in the Bluetooth settings of this computer, put it into pairing mode, "
        "and enrol it again: ohx-desktop enroll ADDRESS",
        linux="bluetoothctl remove ADDRESS",
    ),
    Cause.PAIRED_ELSEWHERE: _problem(
        "the device refuses this computer; it is paired with a phone or another computer, or is "
        "not in pairing mode",
        "take the device out of the phone's app, clear its pairings in its own menu, put it into "
        "pairing mode, and enrol it again: ohx-desktop enroll ADDRESS",
    ),
    Cause.DEVICE_BLOCKED: _problem(
        "the device is blocked in the Bluetooth settings of this computer",
        "take the block away in the Bluetooth settings of this computer",
        linux="bluetoothctl unblock ADDRESS",
    ),
    Cause.SESSION_FAILED: _warning(
        "the last conversation with the device failed",
        "measure once more close to this computer; if it fails again, enrol the device again",
    ),
    Cause.NOT_HEARD: _warning(
        "the device was not heard for days",
        "press the Bluetooth button of the device near this computer, or renew its batteries",
    ),
    Cause.WEAK_SIGNAL: _warning(
        "the signal of the device is weak",
        "bring the device nearer to this computer, or the adapter out from behind metal",
    ),
    Cause.BATTERY_LOW: _warning(
        "the batteries of the device are nearly empty",
        "renew the batteries, then set date and time on the device",
    ),
    Cause.CLOCK_NOT_SET: _warning(
        "the clock of the device was never set, or was lost with its batteries",
        "set date and time on the device",
    ),
}
