"""Named scenes for the bench: a device, what it remembers, what it measures, what goes wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.cast import (
    OTHER_HOSTS_KEY,
    Actor,
    Circumstances,
    Role,
    cuff,
    ffe0_scale,
    glucose_meter,
    omron_eeprom,
    omron_extension,
    omron_scale,
    oximeter,
    po60,
    scale,
    thermometer,
)
from ohx_desktop.virtual.computer import CSR8510, Computer, Daemon, Switch
from ohx_desktop.virtual.device_services import set_battery
from ohx_desktop.virtual.extension_profiles import BP7900, HBF_222T
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.ffe0_profiles import BF800, SBF70
from ohx_desktop.virtual.omron_models import (
    HEM_7142T2,
    HEM_7155T,
    HEM_7322T,
    HEM_7380T1,
)
from ohx_desktop.virtual.profiles import (
    BEURER_BM54,
    BEURER_BM85,
    GENERIC_CUFF,
    OMRON_BP7255,
    OMRON_HEM_7155T,
    OMRON_HEM_7322T,
)
from ohx_desktop.virtual.room import Adapter, VirtualRoom
from ohx_desktop.virtual.scale_profiles import BF720, BF788, SBF73
from ohx_desktop.virtual.vital_encoding import Place
from ohx_desktop.virtual.vital_profiles import (
    FT95,
    GENERIC_METER,
    GENERIC_OXIMETER,
    GENERIC_THERMOMETER,
    GL50EVO,
    PO60,
)

ADDRESS = "00:5F:BF:12:34:56"

_NO_FAULTS = Faults()
_COMPUTER = Computer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scene. The measurement is taken some time after a program begins to scan.

    `others` measure at the same moment; they stand beside the first device, without its faults.
    A device that `stays_asleep` is not touched until the bench is told so.
    With `starts_pairing` the person first puts the device into pairing mode, and measures once a
    program has paired with it, left, and scans again.
    """

    role: Role
    has_backlog: bool = True
    measures: bool = True
    stays_asleep: bool = False
    measure_after_s: float = 1.2
    is_bonded: bool = True
    starts_pairing: bool = False
    clock_offset: timedelta = timedelta()
    clock_is_set: bool = True
    link_timeout_s: float = 60.0
    adapter: Adapter = Adapter.ON
    faults: Faults = _NO_FAULTS
    others: tuple[Role, ...] = ()
    rssi_dbm: int | None = None
    battery_percent: int | None = None
    computer: Computer = _COMPUTER

    def furnish(self) -> tuple[VirtualRoom, Actor]:
        """Make the room and the devices in it; the actor is the first, and acts for all."""
        given = Circumstances(
            address=ADDRESS,
            has_backlog=self.has_backlog,
            clock_offset=self.clock_offset,
            clock_is_set=self.clock_is_set,
            link_timeout_s=self.link_timeout_s,
            faults=self.faults,
        )
        actors = [self.role(given)]
        for number, role in enumerate(self.others):
            address = f"{ADDRESS[:-2]}{0xA1 + number:02X}"
            actors.append(role(replace(given, address=address, faults=_NO_FAULTS)))
        room = VirtualRoom()
        for actor in actors:
            room.add(actor.device)
            if self.is_bonded:
                room.bond(actor.device)
        room.adapter = self.adapter
        radio = actors[0].device.peripheral
        if self.rssi_dbm is not None:
            radio.rssi_dbm = self.rssi_dbm
        if self.battery_percent is not None:
            set_battery(radio.table, self.battery_percent)
        return room, actors[0] if len(actors) == 1 else _ensemble(actors)


def _ensemble(actors: list[Actor]) -> Actor:
    """Return an actor that has all of them do the same at the same moment."""

    async def measure() -> None:
        await asyncio.gather(*(actor.measure() for actor in actors))

    def wake() -> None:
        for actor in actors:
            actor.wake()

    first, *others = actors
    addresses = " ".join(actor.device.peripheral.address for actor in others)
    return replace(first, measure=measure, wake=wake, facts={**first.facts, "others": addresses})


_OMRON = Scenario(role=cuff(OMRON_HEM_7155T))
_BEURER = Scenario(role=cuff(BEURER_BM54))
_EEPROM = Scenario(role=omron_eeprom(HEM_7155T))
_FE4A = Scenario(role=omron_eeprom(HEM_7380T1, key=None))
_SCALE = Scenario(role=scale(BF720))
_BP7900 = Scenario(role=omron_extension(BP7900))
_HBF = Scenario(role=omron_extension(HBF_222T))
_HN = Scenario(role=omron_scale())
_FFE0 = Scenario(role=ffe0_scale(SBF70), is_bonded=False)

_CUFFS: Mapping[str, Scenario] = {
    "omron": _OMRON,
    "omron-no-clock-service": Scenario(role=cuff(OMRON_HEM_7322T)),
    "omron-unpaired": replace(_OMRON, is_bonded=False),
    "beurer": _BEURER,
    "beurer-unpaired": replace(_BEURER, is_bonded=False),
    "beurer-clock-never-set": replace(_BEURER, clock_is_set=False),
    "beurer-bm85": Scenario(role=cuff(BEURER_BM85), is_bonded=False),
    "generic": Scenario(role=cuff(GENERIC_CUFF), is_bonded=False),
    "new-only": replace(_OMRON, has_backlog=False),
    "backlog-only": replace(_OMRON, measures=False),
    "clock-wrong": replace(_OMRON, clock_offset=timedelta(hours=-1)),
    "clock-never-set": replace(_OMRON, clock_is_set=False),
    "failed-measurement": replace(_OMRON, faults=Faults(failed_measurement=True)),
    "truncated": replace(_OMRON, has_backlog=False, faults=Faults(truncated_indication=0)),
    "malformed": replace(_OMRON, has_backlog=False, faults=Faults(malformed_indication=0)),
    "duplicated": replace(_OMRON, has_backlog=False, faults=Faults(duplicated_indication=0)),
    "link-lost": replace(_OMRON, faults=Faults(lose_link_mid_transfer=True)),
    "link-lost-once": replace(_OMRON, faults=Faults(lose_link_mid_transfer=True, connections=1)),
    "silent": replace(_OMRON, link_timeout_s=3.0, faults=Faults(silent=True)),
    "connect-refused-twice": replace(_OMRON, faults=Faults(refuse_connections=2)),
    "pairing-refused": replace(_OMRON, is_bonded=False, faults=Faults(refuse_pairing=True)),
    "bond-forgotten": replace(_OMRON, faults=Faults(bond_forgotten=True)),
    "adapter-off": replace(_OMRON, adapter=Adapter.OFF),
    "no-adapter": replace(_OMRON, adapter=Adapter.MISSING),
}

_EEPROM_CUFFS: Mapping[str, Scenario] = {
    "omron-eeprom": _EEPROM,
    "omron-eeprom-7322t": Scenario(role=omron_eeprom(HEM_7322T)),
    "omron-eeprom-unpaired": Scenario(
        role=omron_eeprom(HEM_7155T, key=None), is_bonded=False, starts_pairing=True
    ),
    "omron-eeprom-other-host": Scenario(role=omron_eeprom(HEM_7155T, key=OTHER_HOSTS_KEY)),
    "omron-eeprom-backlog-only": replace(_EEPROM, measures=False),
    "omron-eeprom-clock-wrong": replace(_EEPROM, clock_offset=timedelta(hours=-1)),
    "omron-eeprom-clock-never-set": replace(_EEPROM, clock_is_set=False),
    # The second reply after the session's start: the first one that carries memory is number 1.
    "omron-eeprom-wrong-checksum": replace(_EEPROM, faults=Faults(wrong_checksum=2)),
    "omron-eeprom-damaged-record": replace(_EEPROM, faults=Faults(damaged_record=True)),
    "omron-eeprom-link-lost-once": replace(
        _EEPROM, faults=Faults(lose_link_mid_transfer=True, connections=1)
    ),
    "omron-eeprom-silent": replace(_EEPROM, link_timeout_s=3.0, faults=Faults(silent=True)),
    "omron-fe4a": _FE4A,
    "omron-fe4a-token": Scenario(role=omron_eeprom(HEM_7142T2, key=None)),
    "omron-fe4a-unpaired": replace(_FE4A, is_bonded=False, starts_pairing=True),
    "omron-fe4a-bond-forgotten": replace(_FE4A, faults=Faults(bond_forgotten=True)),
}

_SCALES: Mapping[str, Scenario] = {
    "scale": _SCALE,
    "scale-no-user": Scenario(role=scale(BF720, has_user=False)),
    "scale-unpaired": Scenario(role=scale(BF720, has_user=False), is_bonded=False),
    "scale-socks": Scenario(role=scale(SBF73, has_bare_feet=False)),
    "scale-stubs": Scenario(role=scale(BF788)),
    "scale-backlog-only": replace(_SCALE, measures=False),
    "scale-clock-never-set": Scenario(
        role=scale(BF720, has_user=False), has_backlog=False, clock_is_set=False
    ),
    "scale-failed-measurement": replace(_SCALE, faults=Faults(failed_measurement=True)),
    # The consent is answered first, then a weight; its composition is lost.
    "scale-link-lost-once": replace(
        _SCALE, faults=Faults(lose_link_after_indications=2, connections=1)
    ),
    "scale-silent": replace(_SCALE, link_timeout_s=3.0, faults=Faults(silent=True)),
    "ffe0-scale": _FFE0,
    "ffe0-scale-unknown-person": Scenario(role=ffe0_scale(SBF70, has_user=False), is_bonded=False),
    "ffe0-scale-bf800": Scenario(role=ffe0_scale(BF800), is_bonded=False),
    "ffe0-scale-dozing": Scenario(role=ffe0_scale(BF800, is_dozing=True), is_bonded=False),
    "ffe0-scale-truncated": replace(_FFE0, faults=Faults(truncated_indication=3)),
    "ffe0-scale-link-lost-once": replace(
        _FFE0, faults=Faults(lose_link_after_indications=3, connections=1)
    ),
}

_OMRON_BY_NUMBER: Mapping[str, Scenario] = {
    "omron-bp7255": Scenario(role=cuff(OMRON_BP7255)),
    "omron-extension": _BP7900,
    "omron-extension-unpaired": replace(_BP7900, is_bonded=False),
    "omron-extension-clock-never-set": replace(_BP7900, clock_is_set=False),
    "omron-extension-refused": replace(_BP7900, faults=Faults(record_response=2)),
    # Sent unasked and then again when asked for: both times without the new record's second half.
    "omron-extension-half-lost": replace(_BP7900, faults=Faults(lost_indications=(7, 16))),
    "omron-extension-link-lost-once": replace(
        _BP7900, faults=Faults(lose_link_after_indications=5, connections=1)
    ),
    "omron-extension-silent": replace(_BP7900, link_timeout_s=3.0, faults=Faults(silent=True)),
    "omron-scale-extension": _HBF,
    "omron-scale-extension-guest": Scenario(role=omron_extension(HBF_222T, has_user=False)),
    "omron-scale-extension-backlog-only": replace(_HBF, measures=False),
    "omron-scale-extension-clock-never-set": replace(_HBF, clock_is_set=False),
    "omron-scale-extension-refused": replace(_HBF, faults=Faults(record_response=8)),
    "omron-scale-extension-half-lost": replace(_HBF, faults=Faults(lost_indications=(9,))),
    "omron-scale-extension-failed": replace(_HBF, faults=Faults(failed_measurement=True)),
    "omron-scale-eeprom": _HN,
    "omron-scale-eeprom-unpaired": replace(_HN, is_bonded=False, starts_pairing=True),
    "omron-scale-eeprom-clock-wrong": replace(_HN, clock_offset=timedelta(hours=-1)),
    "omron-scale-eeprom-damaged-record": replace(_HN, faults=Faults(damaged_record=True)),
}

_FT95 = Scenario(role=thermometer(FT95))
_THERMOMETER = Scenario(role=thermometer(GENERIC_THERMOMETER), is_bonded=False)
_OXIMETER = Scenario(role=oximeter(GENERIC_OXIMETER), is_bonded=False)
_PO60 = Scenario(role=po60(PO60), is_bonded=False)
_GL50EVO = Scenario(role=glucose_meter(GL50EVO))
_METER = Scenario(role=glucose_meter(GENERIC_METER), is_bonded=False)

_VITAL_SIGNS: Mapping[str, Scenario] = {
    "thermometer": _THERMOMETER,
    "thermometer-ft95": _FT95,
    "thermometer-ft95-unpaired": replace(_FT95, is_bonded=False),
    "thermometer-ft95-fahrenheit": Scenario(role=thermometer(replace(FT95, in_fahrenheit=True))),
    "thermometer-ft95-object": Scenario(role=thermometer(FT95, place=Place.OBJECT)),
    "thermometer-clock-wrong": replace(_THERMOMETER, clock_offset=timedelta(hours=-1)),
    "thermometer-failed": replace(_THERMOMETER, faults=Faults(failed_measurement=True)),
    "thermometer-truncated": replace(
        _THERMOMETER, has_backlog=False, faults=Faults(truncated_indication=0)
    ),
    "thermometer-silent": replace(_THERMOMETER, link_timeout_s=3.0, faults=Faults(silent=True)),
    "oximeter": _OXIMETER,
    "oximeter-no-store": Scenario(
        role=oximeter(replace(GENERIC_OXIMETER, has_store=False)), is_bonded=False
    ),
    "oximeter-clock-never-set": replace(_OXIMETER, clock_is_set=False),
    "oximeter-failed": replace(_OXIMETER, faults=Faults(failed_measurement=True)),
    "oximeter-po60": _PO60,
    "oximeter-po60-many": Scenario(role=po60(PO60, backlog=24), is_bonded=False),
    "oximeter-po60-clock-wrong": replace(_PO60, clock_offset=timedelta(hours=-1)),
    # The first answers are the time and the number of records.
    "oximeter-po60-wrong-checksum": replace(_PO60, faults=Faults(wrong_checksum=3)),
    "oximeter-po60-link-lost-once": replace(
        _PO60, faults=Faults(lose_link_mid_transfer=True, connections=1)
    ),
    "glucose": _METER,
    "glucose-moles": Scenario(
        role=glucose_meter(replace(GENERIC_METER, in_moles=True)), is_bonded=False
    ),
    "glucose-gl50evo": _GL50EVO,
    "glucose-gl50evo-unpaired": replace(_GL50EVO, is_bonded=False),
    "glucose-clock-wrong": replace(_METER, clock_offset=timedelta(hours=-1)),
    "glucose-failed": replace(_METER, faults=Faults(failed_measurement=True)),
    # The fourth record is the new one.
    "glucose-truncated": replace(_METER, faults=Faults(truncated_indication=3)),
    "glucose-link-lost-once": replace(
        _METER, faults=Faults(lose_link_mid_transfer=True, connections=1)
    ),
    "glucose-silent": replace(_METER, faults=Faults(silent=True)),
}

_TOGETHER: Mapping[str, Scenario] = {
    "two-cuffs": replace(_OMRON, others=(cuff(OMRON_HEM_7322T),)),
    "three-devices": replace(_OMRON, others=(omron_eeprom(HEM_7155T), cuff(OMRON_HEM_7322T))),
    # The first device is silent, the second one delivers.
    "silent-beside-another": replace(
        _OMRON, faults=Faults(silent=True), others=(cuff(OMRON_HEM_7322T),)
    ),
}

_OFF = replace(_OMRON, adapter=Adapter.OFF)
_BLOCKED = Quirks(is_blocked=True)
_BLUETOOTH, _WLAN = Switch(radio="bluetooth", soft=True), Switch(radio="wlan", soft=True)

_COMPUTERS: Mapping[str, Scenario] = {
    "no-bus": replace(_OMRON, computer=Computer(has_bus=False)),
    "bus-denied": replace(_OMRON, computer=Computer(may_use_bluez=False)),
    **{
        f"daemon-{daemon.value}": replace(_OMRON, computer=Computer(daemon=daemon))
        for daemon in Daemon
        if daemon is not Daemon.RUNNING
    },
    "no-adapter-no-daemon": replace(
        _OMRON, adapter=Adapter.MISSING, computer=Computer(daemon=Daemon.STOPPED)
    ),
    "old-bluez": replace(_OMRON, computer=Computer(quirks=Quirks(release=0x0532))),
    "adapter-failed": replace(
        _OMRON, adapter=Adapter.MISSING, computer=Computer(kernel_has_adapter=True)
    ),
    "blocked": replace(_OFF, computer=Computer(switches=(_BLUETOOTH,), quirks=_BLOCKED)),
    # An older BlueZ has no PowerState.
    "flight-mode": replace(_OFF, computer=Computer(switches=(_BLUETOOTH, _WLAN))),
    "wireless-switch": replace(
        _OFF, computer=Computer(switches=(Switch(radio="bluetooth", hard=True),))
    ),
    "scan-refused": replace(_OMRON, computer=Computer(quirks=Quirks(refuses_discovery=True))),
    "no-low-energy": replace(_OMRON, computer=Computer(quirks=Quirks(roles=()))),
    "agents-refused": replace(_OMRON, computer=Computer(quirks=Quirks(refuses_agents=True))),
    "two-adapters": replace(_OMRON, computer=Computer(quirks=Quirks(has_second_adapter=True))),
    "troublesome-adapter": replace(_OMRON, computer=Computer(usb_id=CSR8510)),
    "no-devices": replace(_OMRON, stays_asleep=True),
    "weak-signal": replace(_OMRON, measures=False, rssi_dbm=-92),
    "battery-low": replace(_OMRON, battery_percent=9),
}

SCENARIOS: Mapping[str, Scenario] = {
    **_CUFFS,
    **_EEPROM_CUFFS,
    **_SCALES,
    **_OMRON_BY_NUMBER,
    **_VITAL_SIGNS,
    **_TOGETHER,
    **_COMPUTERS,
}
