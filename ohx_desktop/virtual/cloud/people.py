"""Invented people with accounts at the virtual services, as they are when these start."""

from datetime import UTC, datetime

from ohx_desktop.virtual.cloud.accounts import Account, Accounts

_DAY_S = 86_400
_WEIGHTS_G = (78_215, 78_190, 78_300, 78_420)


def withings_accounts(now_s: float) -> Accounts:
    """Return a scale and a cuff of one person, an empty account of another."""
    first = Account(
        user_id="40417733",
        devices=[
            {"type": "Scale", "model": "Body Comp", "model_id": 18, "battery": "high"},
            {"type": "Blood Pressure Monitor", "model": "BPM Connect", "battery": "medium"},
        ],
    )
    at_s = int(now_s)
    for days, grams in reversed(list(enumerate(_WEIGHTS_G, start=1))):
        first.weigh(at_s - days * _DAY_S, grams)
    first.weigh(at_s - 7_200, 64_120, attrib=1)
    first.press(at_s - 3_600, 131, 82, 67)
    return Accounts([first, Account(user_id="40417799")])


def google_accounts(now_s: float) -> Accounts:
    """Return the scale of one person, and an account that has no Google Health."""
    first = Account(user_id="7310042256811", zone="Europe/Vienna")
    for days, grams in enumerate(_WEIGHTS_G, start=1):
        when = datetime.fromtimestamp(int(now_s) - days * _DAY_S, UTC)
        first.weigh_at_google(when.strftime("%Y-%m-%dT%H:%M:%SZ"), grams)
    first.devices.append({"deviceType": "SCALE", "deviceVersion": "Aria Air", "batteryLevel": 80})
    return Accounts([first, Account(user_id="7310042256822", has_health=False)])
