"""Settings: each value knows its origin, policy wins, and a wrong file is refused by key."""

import tomllib
from pathlib import Path

import pytest

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.settings import layers
from ohx_desktop.settings.editing import with_values
from ohx_desktop.settings.layers import EffectiveSettings, Layer, load_file, load_settings
from ohx_desktop.settings.profile import Profile


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the machine's configuration."""
    folder = tmp_path / "machine"
    folder.mkdir()
    monkeypatch.setattr(layers, "machine_config_file", lambda: folder / "config.toml")
    monkeypatch.setattr(layers, "policy_file", lambda: folder / "policy.toml")
    return folder


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    profile = Profile.at(tmp_path / "profile")
    profile.create()
    return profile


def source_of(key: str, effective: EffectiveSettings) -> Layer:
    return next(value.source for value in effective.values if value.key == key)


def test_later_layers_win_and_policy_wins_over_all(machine: Path, profile: Profile) -> None:
    (machine / "config.toml").write_text('[ehr]\nbase_url = "https://a.example/fhir"\n')
    profile.config_file.write_text('[ehr]\nbase_url = "https://b.example/fhir"\n')
    environment = {"OHX_EHR__BASE_URL": "https://c.example/fhir/"}
    assert load_settings(profile, {}).settings.ehr.base_url == "https://b.example/fhir"
    from_environment = load_settings(profile, environment)
    assert from_environment.settings.ehr.base_url == "https://c.example/fhir"
    assert source_of("ehr.base_url", from_environment) is Layer.ENVIRONMENT
    (machine / "policy.toml").write_text('[ehr]\nbase_url = "https://p.example/fhir"\n')
    managed = load_settings(profile, environment)
    assert managed.settings.ehr.base_url == "https://p.example/fhir"
    assert next(v for v in managed.values if v.key == "ehr.base_url").locked


def test_without_files_there_are_defaults(machine: Path, profile: Profile) -> None:
    effective = load_settings(profile, {"OHX_PROFILE": "x", "OHX_KILL_RUNS": "3"})
    assert effective.settings.store.key_source == "keyring"
    assert {value.source for value in effective.values} == {Layer.DEFAULT}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[ehr]\nbase_url = "http://ehr.example/fhir"\n', "ehr.base_url"),
        ('[ehr]\nbase_url = "https://user:pw@ehr.example/fhir"\n', "ehr.base_url"),
        ('[ehr]\nbase_url = "ftp://ehr.example"\n', "ehr.base_url"),
        ('[ehr]\nbase_uri = "https://ehr.example/fhir"\n', "ehr.base_uri"),
        ('[ehr.auth]\nmethod = "magic"\n', "ehr.auth.method"),
        ('[store]\nkey_source = "file"\n', "store"),
        ('[store]\nkey_file = "/k"\n', "store"),
        ("[kiosk]\nidle_timeout_s = 1\n", "kiosk.idle_timeout_s"),
        ('[station]\npractitioner = "Patient/1"\n', "station.practitioner"),
        ('[scan]\ncheck_digit = "mod12"\n', "scan.check_digit"),
        ('[scan]\npattern = "[0-9]+"\n', "scan"),
        ('[scan]\npattern = "("\n', "scan"),
        ('[scan]\ngs1_ai = "x"\n', "scan"),
        ("[ehr\n", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_key(tmp_path: Path, content: str, named: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=named) as caught:
        load_file(file)
    assert "pw" not in str(caught.value)


def test_a_loopback_address_may_be_plain(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[ehr]\nbase_url = "http://127.0.0.1:8080/fhir"\n')
    assert load_file(file).ehr.base_url == "http://127.0.0.1:8080/fhir"


def test_the_problem_names_the_layer_that_set_it(machine: Path, profile: Profile) -> None:
    with pytest.raises(ConfigurationError, match=r"kiosk.idle_timeout_s \(set by environment\)"):
        load_settings(profile, {"OHX_KIOSK__IDLE_TIMEOUT_S": "abc"})


def test_nothing_is_switched_on_for_devices_unless_somebody_names_a_model(
    machine: Path, profile: Profile
) -> None:
    devices = load_settings(profile, {}).settings.devices
    assert (devices.set_clock, devices.clear_unread, devices.allow_unconfirmed) == ((), (), ())
    environment = {"OHX_DEVICES__SET_CLOCK": "HEM-7155T,HEM-7322T"}
    named = load_settings(profile, environment).settings.devices
    assert named.set_clock == ("HEM-7155T", "HEM-7322T")
    (machine / "policy.toml").write_text("[devices]\nset_clock = []\n")
    assert load_settings(profile, environment).settings.devices.set_clock == ()


# ── changing one setting in a person's file ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[store]\nkey_source = "pin"\n'),
        ("[ehr]\n# ours\n", '[ehr]\n# ours\n\n[store]\nkey_source = "pin"\n'),
        (
            '[store] # where\nkey_source = "file"\nkey_file = "/k"\ntray_days = 3\n[ehr]\n',
            '[store] # where\nkey_source = "pin"\ntray_days = 3\n[ehr]\n',
        ),
    ],
)
def test_one_setting_is_changed_and_the_rest_stays_as_written(before: str, after: str) -> None:
    assert with_values(before, "store", {"key_source": "pin", "key_file": None}) == after


def test_a_path_with_quotes_and_backslashes_is_kept(tmp_path: Path) -> None:
    odd = 'C:\\keys\\"ours".key'
    text = with_values("", "store", {"key_source": "file", "key_file": odd})
    assert tomllib.loads(text)["store"]["key_file"] == odd


@pytest.mark.parametrize(
    "text",
    [
        'store.key_source = "keyring"\n',
        'store = { key_source = "keyring" }\n',
        '[store]\n"key_source" = "keyring"\n',
        '[store]\nnote = """\nkey_source = """\n',
    ],
)
def test_what_simple_editing_would_break_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="does not change"):
        with_values(text, "store", {"key_source": "pin"})
