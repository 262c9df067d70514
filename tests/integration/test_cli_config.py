"""`config`, `secret` and `doctor`: settings with their origin, secrets, and what is not well."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_bench import (
    PATIENT,
    Run,
    Workstation,
    bench,
    ehr_process,
    reading_line,
    workstation,
    workstation_with_keyring,
)

NOBODY = "http://127.0.0.1:9/fhir"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    """Make a profile without settings of its own, and a keyring for it."""
    return workstation_with_keyring(tmp_path)


# ── config ───────────────────────────────────────────────────────────────────────────────────


def shown(run: Run) -> dict[str, Any]:
    assert run.code == 0, run.stderr
    return {item["key"]: (item["value"], item["source"], item["locked"]) for item in run.objects}


def test_each_setting_tells_where_it_came_from(station: Workstation) -> None:
    station.configure(
        '[ehr]\nbase_url = "https://ehr.example/fhir"\n[kiosk]\nidle_timeout_s = 90\n'
    )
    settings = shown(station.run("config", "show", OHX_KIOSK__IDLE_TIMEOUT_S="30"))
    assert settings["ehr.base_url"] == ("https://ehr.example/fhir", "profile", False)
    assert settings["kiosk.idle_timeout_s"] == (30, "environment", False)
    assert settings["ehr.auth.method"] == ("none", "default", False)
    # Looking at settings makes nothing.
    assert sorted(file.name for file in station.profile.iterdir()) == ["config.toml"]


def test_the_schema_is_one_json_schema(station: Workstation) -> None:
    (schema,) = station.run("config", "schema").objects
    assert {"ehr", "store", "kiosk", "cloud"} <= set(schema["properties"])


@pytest.mark.parametrize(
    "text",
    [
        "[ehr\n",
        '[ehr]\nbase_url = "http://ehr.example/fhir"\n',
        '[ehr]\nbase_url = "https://user:word@ehr.example/fhir"\n',
        '[ehr]\npassword = "word"\n',
        '[ehr.auth]\nmethod = "magic"\n',
        '[store]\nkey_source = "file"\n',
        '[cloud.withings]\napi_url = "ftp://example"\n',
        "[kiosk]\nidle_timeout_s = 1\n",
        b"\xff\xfe",
    ],
)
def test_settings_that_are_not_valid_are_refused_everywhere(
    station: Workstation, tmp_path: Path, text: str | bytes
) -> None:
    file = tmp_path / "new.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    for command in ("validate", "import"):
        run = station.run("config", command, str(file))
        assert (run.code, run.error["code"]) == (3, "configuration")
        assert "word@" not in run.stderr
        assert not (station.profile / "config.toml").exists()
    station.configure("")
    (station.profile / "config.toml").write_bytes(file.read_bytes())
    in_force = station.run("queue", "list")
    assert (in_force.code, in_force.error["code"]) == (3, "configuration")


def test_a_wrong_value_names_its_key_and_who_set_it(station: Workstation) -> None:
    run = station.run("config", "show", OHX_EHR__BASE_URL="ehr.example")
    assert run.code == 3
    assert "ehr.base_url (set by environment)" in run.error["message"]


def test_imported_settings_are_in_force_and_the_old_ones_kept(
    station: Workstation, tmp_path: Path
) -> None:
    file = tmp_path / "new.toml"
    for seconds in (40, 50):
        file.write_text(f"# from IT\n[kiosk]\nidle_timeout_s = {seconds}\n")
        assert station.run("config", "validate", str(file)).code == 0
        assert station.run("config", "import", str(file)).code == 0
        settings = shown(station.run("config", "show"))
        assert settings["kiosk.idle_timeout_s"] == (seconds, "profile", False)
    assert (station.profile / "config.toml").read_bytes() == file.read_bytes()
    kept = tomllib.loads((station.profile / "config.previous").read_text())
    assert kept == {"kiosk": {"idle_timeout_s": 40}}


# ── keys and secrets ─────────────────────────────────────────────────────────────────────────


def test_a_key_in_the_keyring_opens_the_queue_in_the_next_process(station: Workstation) -> None:
    submitted = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line())
    assert submitted.code == 0, submitted.stderr
    assert station.queue() == submitted.objects
    assert not list(station.profile.glob("*key*"))


@pytest.mark.parametrize(
    ("backend", "error"),
    [
        ("keyring.backends.fail.Keyring", "no-keyring"),
        ("keyring.backends.null.Keyring", "no-keyring"),
        ("no_such_module.Keyring", "no-keyring"),
        ("kept_keyring.Locked", "keyring-locked"),
    ],
)
def test_without_a_keyring_nothing_is_queued(
    station: Workstation, backend: str, error: str
) -> None:
    unusable = {"PYTHON_KEYRING_BACKEND": backend}
    run = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line(), **unusable)
    assert (run.code, run.error["code"]) == (8, error)
    assert not (station.profile / "outbox.db").exists()
    secret = station.run("secret", "set", "ehr.token", stdin="s3cret", **unusable)
    assert secret.code == 8
    assert "s3cret" not in secret.stdout + secret.stderr


def test_a_secret_signs_in_and_is_gone_when_deleted(station: Workstation) -> None:
    station.configure(f'[ehr]\nbase_url = "{NOBODY}"\n[ehr.auth]\nmethod = "bearer"\n')
    missing = station.run("ehr", "check")
    assert missing.code == 3
    assert "secret set ehr.token" in missing.error["hint"]
    set_ = station.run("secret", "set", "ehr.token", stdin="s3cret w0rd\r\n")
    assert (set_.code, "s3cret" in set_.stdout + set_.stderr) == (0, False)
    kept = json.loads(Path(station.surroundings["TEST_KEYRING_FILE"]).read_text())
    assert "s3cret w0rd" in kept.values()
    # It is there now, so the check gets as far as the EHR that is down.
    assert station.run("ehr", "check").code == 6
    for _ in range(2):
        assert station.run("secret", "delete", "ehr.token").code == 0
    assert station.run("ehr", "check").code == 3


def test_an_installation_signs_in_by_a_key_that_it_made_itself(station: Workstation) -> None:
    with ehr_process("--sign-in") as ehr:
        station.configure(
            f'[ehr]\nbase_url = "{ehr.base_url}"\n'
            '[ehr.auth]\nmethod = "smart-backend"\nclient_id = "backend"\n'
        )
        without = station.run("ehr", "check")
        assert (without.code, without.error["code"]) == (3, "configuration")
        assert "ehr key" in without.error["hint"]
        (keys,) = station.run("ehr", "key").objects
        assert not any("d" in key for key in keys["keys"])
        ehr.register("backend", jwks=keys)
        assert station.run("ehr", "check").code == 0
        # A new key is made; until the server has it, the earlier one stays in the set.
        (both,) = station.run("ehr", "key", "--algorithm", "RS384").objects
        assert both["keys"][1] == keys["keys"][0]
        assert station.run("ehr", "check").code == 7
        ehr.register("backend", jwks=both)
        assert station.run("ehr", "check").code == 0


def test_an_installation_signs_in_by_a_client_secret(station: Workstation) -> None:
    with ehr_process("--sign-in") as ehr:
        ehr.register("kiosk", secret="s3cret")  # noqa: S106 - it opens this sandbox only
        station.configure(
            f'[ehr]\nbase_url = "{ehr.base_url}"\n'
            '[ehr.auth]\nmethod = "client-credentials"\nclient_id = "kiosk"\n'
        )
        assert station.run("ehr", "check").code == 3
        station.run("secret", "set", "ehr.client_secret", stdin="wrong")
        refused = station.run("ehr", "check")
        assert (refused.code, refused.error["code"]) == (7, "not-authorised")
        station.run("secret", "set", "ehr.client_secret", stdin="s3cret")
        assert station.run("ehr", "check").code == 0


@pytest.mark.parametrize("stdin", ["", "\n", b"\xff"])
def test_no_secret_on_stdin_is_wrong_usage(station: Workstation, stdin: str | bytes) -> None:
    run = station.run("secret", "set", "ehr.token", stdin=stdin)
    assert (run.code, run.error["code"]) == (2, "usage")


def test_two_profiles_do_not_share_a_secret(station: Workstation, tmp_path: Path) -> None:
    bearer = f'[ehr]\nbase_url = "{NOBODY}"\n[ehr.auth]\nmethod = "bearer"\n'
    other = Workstation(profile=tmp_path / "other", surroundings=station.surroundings)
    for each in (station, other):
        each.configure(bearer)
    assert station.run("secret", "set", "ehr.token", stdin="word").code == 0
    assert (station.run("ehr", "check").code, other.run("ehr", "check").code) == (6, 3)


# ── doctor ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ehr_url() -> Iterator[str]:
    with ehr_process() as ehr:
        yield ehr.base_url


def findings(run: Run) -> dict[str, Any]:
    return {item["check"]: item["code"] for item in run.objects if "check" in item}


def test_a_well_installation_has_no_findings(tmp_path: Path, ehr_url: str) -> None:
    station = workstation(tmp_path, base_url=ehr_url)
    with bench("omron") as cuff:
        run = station.run("doctor", DBUS_SYSTEM_BUS_ADDRESS=cuff.bus)
    assert run.code == 0, run.stderr
    assert findings(run) == dict.fromkeys(
        ("settings", "mapping", "disk", "queue and key", "bluetooth", "ehr")
    )


def test_the_doctor_names_every_problem_and_what_to_do(
    station: Workstation, tmp_path: Path
) -> None:
    run = station.run(
        "doctor",
        DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={tmp_path}/none",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )
    assert findings(run) == {
        "settings": "configuration",
        "mapping": None,
        "disk": None,
        "queue and key": "no-keyring",
        "bluetooth": "radio-unavailable",
        "ehr": "configuration",
    }
    assert all(item["action"] for item in run.objects if item.get("code"))
    # The first problem decides, as it is the first to mend.
    assert (run.code, run.error["code"]) == (3, "configuration")
