"""What the doctor looks at."""

import asyncio
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.bluetooth import device_policy, device_secrets_of, listener_of
from ohx_desktop.app.ehr import connected_ehr
from ohx_desktop.app.filing import opened_outbox
from ohx_desktop.app.profile import no_ehr, opened_profile, settings_of

if TYPE_CHECKING:
    from ohx_desktop.ops.doctor import Check, Finding
    from ohx_desktop.settings.profile import Profile


def health_checks(directory: Path | None) -> "tuple[Check, ...]":
    """Return the checks of the doctor, each independent of the others."""
    from ohx_desktop.fhir.mapping_file import load_rules
    from ohx_desktop.ops.doctor import Check, check_disk

    profile = opened_profile(directory)

    async def settings_are_valid() -> str:
        settings = await asyncio.to_thread(settings_of, profile)
        device_policy(settings)
        if settings.ehr.base_url is None:
            raise no_ehr()
        return "valid"

    async def mapping_is_valid() -> str:
        loaded = await asyncio.to_thread(
            load_rules, profile.mapping_file, profile.last_good_mapping
        )
        if loaded.problem is not None:
            raise loaded.problem
        return "the clinic's own" if profile.mapping_file.exists() else "built in"

    async def disk_has_room() -> str:
        return await asyncio.to_thread(check_disk, profile.data)

    async def queue_opens() -> "tuple[Finding, ...]":
        return await _queue_findings(profile)

    async def bluetooth_works() -> "tuple[Finding, ...]":
        return await _bluetooth_findings(profile)

    async def ehr_answers() -> str:
        from ohx_desktop.fhir.plan import plan_for

        settings = await asyncio.to_thread(settings_of, profile)
        if settings.ehr.base_url is None:
            raise no_ehr()
        # A slow import on the loop would look like a Bluetooth service that does not answer.
        await asyncio.to_thread(import_module, "ohx_desktop.fhir.connect")
        async with connected_ehr(profile, settings) as ehr:
            capabilities = await ehr.capabilities()
        plan_for(capabilities, settings.ehr.fhir_version)
        return f"answers with FHIR {capabilities.fhir_version}"

    return (
        Check(name="settings", run=settings_are_valid),
        Check(name="mapping", run=mapping_is_valid),
        Check(name="disk", run=disk_has_room),
        Check(name="queue and key", run=queue_opens),
        Check(name="bluetooth", run=bluetooth_works),
        Check(name="ehr", run=ehr_answers),
    )


async def _queue_findings(profile: "Profile") -> "tuple[Finding, ...]":
    """Open the queue where its key can be had without asking a person."""
    from ohx_desktop.app.keys import LockedKey
    from ohx_desktop.keystore.moving import begun_move
    from ohx_desktop.ops.doctor import Finding

    settings = await asyncio.to_thread(settings_of, profile)
    source = settings.store.key_source
    action = cause = None
    if source == "pin":
        locked = await asyncio.to_thread(LockedKey, profile)
        if locked.is_new:
            detail, cause = "no PIN has been chosen for the queue yet", "no-key-yet"
            action = "choose it in the window, or by: ohx-desktop key create"
        else:
            detail = "the key is sealed with a PIN, which the doctor does not ask for"
            action = "see whether the queue opens with: ohx-desktop key status --open"
    else:
        async with opened_outbox(profile, settings, key_source=None, on_change=None) as outbox:
            told = await outbox.summary()
        waiting = f"{told.waiting} waiting, {told.needs_attention} need a person"
        detail = f"opens with the key from: {source}; {waiting}"
    move = await asyncio.to_thread(begun_move, profile.key_move_note)
    if move is not None:
        detail += f"; a move of the key from {move.source} to {move.target} was not ended"
        cause, action = "key-in-two-places", f"ohx-desktop key move --to {move.target}"
    return (Finding(check="queue and key", detail=detail, cause=cause, action=action),)


async def _bluetooth_findings(profile: "Profile") -> "tuple[Finding, ...]":
    from ohx_desktop.ble.causes import Verdict
    from ohx_desktop.ble.checkup import check_up
    from ohx_desktop.ble.device_health_file import DeviceHealthFile
    from ohx_desktop.ble.device_registry import DeviceRegistry
    from ohx_desktop.ble.diagnosis import Diagnosis
    from ohx_desktop.domain.clock import system_now
    from ohx_desktop.domain.errors import DeviceError, RadioUnavailable
    from ohx_desktop.ops.doctor import Finding

    def finding(told: Diagnosis) -> Finding:
        problem = RadioUnavailable if told.address is None else DeviceError
        is_problem = told.verdict is Verdict.PROBLEM
        return Finding(
            check="bluetooth" if told.address is None else f"device {told.address}",
            detail=told.detail,
            code=problem.code if is_problem else None,
            action=told.action,
            exit_code=problem.exit_code,
            cause=told.cause,
        )

    registry = await asyncio.to_thread(DeviceRegistry, profile.devices_file)
    health = await asyncio.to_thread(DeviceHealthFile(profile.device_health_file).load)
    settings = await asyncio.to_thread(settings_of, profile)
    listener, _ = listener_of(
        profile,
        settings,
        radio=None,
        ask_passkey=None,
        secrets=device_secrets_of(profile),
        registry=None,
    )
    scan = partial(listener.discover, include_unsupported=True)
    told = await check_up(scan, registry.devices, health, now=system_now())
    return tuple(map(finding, told))
