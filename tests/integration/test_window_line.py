"""The staff window with the real services, and everything around it failing in turn.

What is on the screen must say it, and nothing confirmed may be lost or arrive twice.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_bench import damage_queue, environment, played

CHILD = Path(__file__).with_name("window_child.py")
ONCE = [["128", "82"]]
SCENES = (
    *("ehr_down_at_search", "ehr_down_after_confirm", "ehr_slow", "ehr_refusing"),
    *("cuff_vanishes", "cuff_vanishes_in_mid_transfer", "malformed_packet", "failed_measurement"),
    *("disk_full", "no_bluetooth", "second_window", "no_keyring", "wrong_settings"),
    "damaged_queue",
    "a_cuff_is_registered",
    "wrong_patient",
    "filed_for_the_wrong_patient",
    "an_administrator_looks_around",
    "people_change_over",
)
# A window of its own each, on two cores.
AT_ONCE = 3
DEADLINE_S = 90.0


class Told:
    """What a scene told: the texts at each look, how it ended, and the EHR's blood pressures."""

    def __init__(self, form: dict[str, Any]) -> None:
        self.chart: list[list[str]] = form.get("chart", [])
        self.exit: int = form["exit"]
        self.state: str = form.get("state", "")
        self._seen: dict[str, list[str]] = form["seen"]

    def says(self, look: str, *parts: str) -> bool:
        """Tell whether the screen said all of this."""
        return all(any(part in text for text in self._seen[look]) for part in parts)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Told]]:
    """Play all scenes, some at once; the pictures stay with the test run's other files."""
    folder = tmp_path_factory.mktemp("window")
    plays = {scene: partial(_play, scene, folder / scene) for scene in SCENES}
    with played(plays, at_once=AT_ONCE) as results:
        yield results


def _play(scene: str, folder: Path) -> Told:
    profile = folder / "profile"
    profile.mkdir(parents=True)
    wrong = "[ehr]\nbase_url = 'ehr'\n"
    (profile / "config.toml").write_text(wrong if scene == "wrong_settings" else "")
    if scene == "damaged_queue":
        damage_queue(profile)
    # Both matter only where the scene does not bring a rig of its own.
    surroundings = {
        "OHX_PROFILE": str(profile),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, str(CHILD), scene, str(folder)],
        env=environment(surroundings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    form = json.loads(done.stdout)
    assert "failed" not in form, form
    return Told(form)


# ── the EHR ──────────────────────────────────────────────────────────────────────────────────


def test_an_ehr_that_is_down_at_the_search_says_so_and_is_searched_again(
    told: Callable[[str], Told],
) -> None:
    scene = told("ehr_down_at_search")
    assert scene.says("down", "The connection to the EHR was lost", "Nobody was found")
    assert scene.says("back", "1 patient found")
    assert not scene.says("back", "The connection to the EHR was lost")


def test_a_reading_confirmed_while_the_ehr_is_down_arrives_once(
    told: Callable[[str], Told],
) -> None:
    scene = told("ehr_down_after_confirm")
    assert scene.says("down", "Saved", "Not sent yet", "Next try", "Not in the chart yet")
    assert scene.says("next patient", "1 waiting for the EHR", "The connection to the EHR was lost")
    # The next patient's screen knows nothing of the one before.
    assert not scene.says("next patient", "BENNETT")
    assert scene.says("back", "Everything is sent")
    assert scene.chart == ONCE


def test_a_slow_ehr_does_not_hold_the_window_up(told: Callable[[str], Told]) -> None:
    scene = told("ehr_slow")
    assert scene.says("slow", "Saved", "Sending", "Next patient", "1 waiting for the EHR")
    assert scene.says("arrived", "Sent", "In the chart", "Everything is sent")
    assert scene.chart == ONCE


def test_a_refused_reading_wants_a_person_and_says_why(told: Callable[[str], Told]) -> None:
    scene = told("ehr_refusing")
    why = "a rule of the EHR forbids it"
    assert scene.says("refused", "The EHR did not take this reading.", why, "stays safe")
    assert scene.says("next patient", "1 needs you", why)
    # In the queue it names nobody and no value, until somebody asks for it.
    assert not any(scene.says("queue", trace) for trace in ("128", "BENNETT", "943"))
    assert scene.says("looked at", "Needs you", why, "128/82", "BENNETT, Margaret Rose")
    assert scene.says("sent again", "In the chart")
    assert not any(scene.says("sent again", trace) for trace in ("128", "BENNETT", "943"))
    assert scene.chart == ONCE


# ── the cuff ─────────────────────────────────────────────────────────────────────────────────


def test_a_cuff_that_vanishes_is_told_and_its_reading_comes_with_it(
    told: Callable[[str], Told],
) -> None:
    scene = told("cuff_vanishes")
    assert scene.says("gone", "The device stopped answering.", "none was taken", "Bluetooth button")
    assert scene.says("back", "128/82", "on time", "Confirm and save")


def test_a_transfer_that_breaks_off_offers_no_old_reading(told: Callable[[str], Told]) -> None:
    scene = told("cuff_vanishes_in_mid_transfer")
    assert scene.says("gone", "2 older readings in the device", "Start the measurement")
    assert scene.says("back", "128/82", "Confirm and save")
    assert not scene.says("back", "more reading")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("malformed_packet", ("does not understand", "There is no reading of it.")),
        ("failed_measurement", ("The device could not measure.",)),
    ],
)
def test_a_record_that_cannot_be_trusted_is_told_and_never_shown(
    told: Callable[[str], Told], name: str, parts: tuple[str, ...]
) -> None:
    scene = told(name)
    assert scene.says("refused", *parts)
    assert not scene.says("refused", "128")
    assert scene.says("measured again", "128/82", "Confirm and save")


# ── this computer ────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_leaves_the_reading_on_the_screen(told: Callable[[str], Told]) -> None:
    scene = told("disk_full")
    assert scene.says("full", "the disk is full", "NOT saved", "128/82", "Confirm and save")
    # There is room again: the same press saves it, and it is there once.
    assert scene.says("room again", "Saved", "In the chart")
    assert scene.chart == ONCE


def test_a_computer_without_bluetooth_says_so(told: Callable[[str], Told]) -> None:
    scene = told("no_bluetooth")
    assert scene.says("missing", "This computer has no Bluetooth.", "adapter")
    assert scene.state == "Waiting"


def test_a_cuff_that_shows_a_number_is_registered_and_forgotten_in_the_window(
    told: Callable[[str], Told],
) -> None:
    scene = told("a_cuff_is_registered")
    assert scene.says("devices", "Devices of this workstation", "Add a device", "Forget")
    assert scene.says("chosen", "Get Beurer BM54 ready", "Press M1 or M2")
    assert scene.says("number asked", "Beurer BM54 shows a number")
    assert scene.says("registered", "BM54 is registered")
    assert scene.says("a reading", "128/82", "Confirm and save")


def test_the_ehr_is_checked_and_a_mapping_is_in_force_for_the_next_reading(
    told: Callable[[str], Told],
) -> None:
    scene = told("an_administrator_looks_around")
    assert scene.says("home", "Administration", "Check the EHR", "Preview a mapping")
    assert scene.says("checked", "Copy the report", "checked.")
    assert scene.says(
        "previewed", "clinic.toml, compared with the mapping in force", "Put in force"
    )
    assert scene.says("in force", "clinic.toml is in force.")
    assert scene.says("chart", "Pulse at reception")
    assert scene.chart == ONCE


def test_a_second_window_says_so_and_harms_nothing(told: Callable[[str], Told]) -> None:
    scene = told("second_window")
    assert scene.says("second", "The program is open already.", "use the other", "Close")
    assert scene.says("exit code of the second", "3")
    assert scene.says("first", "128/82", "Confirm and save")
    assert scene.chart == ONCE


@pytest.mark.parametrize(
    ("name", "code", "parts"),
    [
        ("no_keyring", 8, ("no safe place for keys", "none can be taken", "administrator")),
        ("wrong_settings", 3, ("ehr.base_url", "https://", "ettings")),
    ],
)
def test_a_program_that_cannot_start_says_what_it_means_and_what_to_do(
    told: Callable[[str], Told], name: str, code: int, parts: tuple[str, ...]
) -> None:
    scene = told(name)
    assert scene.says("fatal", *parts, "Close")
    assert scene.exit == code


def test_a_damaged_queue_is_saved_from_the_window_as_far_as_it_is_whole(
    told: Callable[[str], Told],
) -> None:
    scene = told("damaged_queue")
    assert scene.says("damaged", "damaged", "Nothing was overwritten", "Save what is whole")
    assert scene.says(
        "fatal", "What is whole was saved", "Readings recovered: 11", "start it again"
    )
    assert scene.exit == 8


# ── the tray ─────────────────────────────────────────────────────────────────────────────────


def test_a_reading_of_the_wrong_patient_is_given_to_the_right_one(
    told: Callable[[str], Told],
) -> None:
    scene = told("wrong_patient")
    assert scene.says("question", "Not this patient?", "waits in the tray")
    assert not scene.says("left", "128/82")
    assert scene.says("left", "1 reading waits to be assigned")
    assert scene.says("tray", "Whose readings are these?", "128/82", "From the cuff")
    assert scene.says("whose", "measured on", "Compare both with the person")
    assert scene.says("given", "The reading is saved.")
    assert not any("waits to be assigned" in text for text in scene._seen["given"])
    assert scene.chart == ONCE


# ── what was filed already ───────────────────────────────────────────────────────────────────


def test_a_filed_reading_goes_from_the_wrong_chart_to_the_right_one(
    told: Callable[[str], Told],
) -> None:
    scene = told("filed_for_the_wrong_patient")
    assert scene.says("filed", "In the chart", "Wrong patient or wrong reading?")
    assert scene.says("why", "What is wrong with this reading?", "BENNETT", "another patient")
    assert scene.says("theirs", "MÜLLER, Jürgen", "02-Nov-1967", "401 023 2137", "128/82")
    assert scene.says("mended", "Marked in the EHR", "MÜLLER", "In the chart")
    # Once under the right patient; where it stood before it is marked, not gone.
    assert scene._seen["charts"] == [
        *("Patient/pat-4711 entered-in-error 3", "Patient/pat-4711 entered-in-error 0"),
        *("Patient/pat-4712 final 3", "Patient/pat-4712 final 0"),
    ]
    assert [row.split(".")[0] for row in scene._seen["rows"]] == [
        *("In the chart", "A reading was marked as entered in error", "Taken back"),
    ]
    assert not any(trace in row for row in scene._seen["rows"] for trace in ("128", "BENNETT"))
    assert scene.says("why in the EHR", "Entered in error: wrong-patient")
    assert scene.says("compared", "2 compared. Nothing differs.")
    assert not any(scene.says("left", trace) for trace in ("128", "BENNETT", "MÜLLER"))
    assert scene.state == "FindPatient"


# ── who works here ───────────────────────────────────────────────────────────────────────────


def test_people_lock_change_over_and_sign_out(told: Callable[[str], Told]) -> None:
    scene = told("people_change_over")
    health = ("128", "82", "BENNETT", "943")
    assert scene.says("who", "Grace Adeyemi", "Omar Haddad")
    assert scene.says("a reading", "128/82", "Signed in: Grace Adeyemi")
    for covered in ("who", "locked", "signed out"):
        assert not any(scene.says(covered, trace) for trace in health), covered
    # Whoever locked it finds their patient again; another person finds none.
    assert scene.says("back", "128/82", "BENNETT", "Signed in: Grace Adeyemi")
    assert scene.says("another person", "Signed in: Omar Haddad", "1 reading waits to be assigned")
    assert not any(scene.says("another person", trace) for trace in health[2:3])
    assert scene._seen["verifiers"] == ["PractitionerRole/role-12"]
    assert scene.chart == ONCE
