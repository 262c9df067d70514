"""Invented people to practise on. Any resemblance to a real record is chance.

The shapes are those that go wrong: umlauts, Arabic, the Turkish dotted I, one name with two birth
dates, a birth year only, an inactive record, one replaced by another, one deceased, and one with
two visits open at once and an appointment.
"""

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.store import Store

MRN_SYSTEM = "urn:oid:1.2.3.4.5"
PATIENT = "pat-4711"
PRACTITIONER = "prac-12"
ENCOUNTER = "enc-771"
PATIENT_WITH_TWO_VISITS = "pat-4722"


def seed(store: Store) -> None:
    """Fill an empty store with the invented practice."""
    with store.draft() as draft:
        for resource in (*_patients(), *_staff(), _encounter(), _order(), *_two_visits()):
            draft.write(resource["resourceType"], resource["id"], resource)


def _patients() -> tuple[Resource, ...]:
    return (
        _patient(PATIENT, "943 476 5919", "Bennett, Margaret Rose", "1952-03-14", "female"),
        _patient("pat-4712", "401 023 2137", "Müller, Jürgen", "1967-11-02", "male"),
        _patient("pat-4713", "518 774 0062", "الحسيني, ليلى", "1988-07-21", "female"),
        _patient("pat-4714", "620 118 9043", "İnci, Iş\u0131l", "1979-01-30", "female"),
        # The same name twice: only the birth date tells them apart.
        _patient("pat-4715", "733 902 1158", "Novak, Anna", "1990-05-09", "female"),
        _patient("pat-4716", "733 902 4471", "Novak, Anna", "1991-09-05", "female"),
        # One person, two records: the older one leads to the newer.
        _patient("pat-4717", "286 540 7719", "Ferreira, João", "1959-12-24", "male")
        | {
            "active": False,
            "link": [{"other": {"reference": "Patient/pat-4718"}, "type": "replaced-by"}],
        },
        _patient("pat-4718", "286 540 8831", "Ferreira da Silva, João", "1959-12-24", "male"),
        _patient("pat-4719", "155 639 2204", "O'Brien, Seán", "1941-08-17", "male")
        | {"deceasedDateTime": "2025-02-11"},
        _patient("pat-4720", "809 316 5527", "Łukasiewicz, Zofia", "2001-04-03", "female")
        | {"active": False},
        # Only the year of birth is known.
        _patient("pat-4721", "372 485 6690", "Okafor, Chidi", "1936", "male"),
        _patient("pat-4722", "564 207 3318", "Sørensen, Kim", "1996-02-29", "other"),
    )


def _patient(id_: str, mrn: str, name: str, born: str, gender: str) -> Resource:
    family, given = name.split(", ")
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [
            {
                "use": "usual",
                "type": {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
                    ]
                },
                "system": MRN_SYSTEM,
                "value": mrn,
            }
        ],
        "active": True,
        "name": [{"use": "official", "family": family, "given": given.split()}],
        "gender": gender,
        "birthDate": born,
    }


def _staff() -> tuple[Resource, ...]:
    return (
        {
            "resourceType": "Organization",
            "id": "org-1",
            "active": True,
            "name": "Sandbox Practice",
        },
        {
            "resourceType": "Practitioner",
            "id": PRACTITIONER,
            "active": True,
            "name": [{"family": "Adeyemi", "given": ["Grace"], "prefix": ["Nurse"]}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": "role-12",
            "active": True,
            "practitioner": {"reference": f"Practitioner/{PRACTITIONER}"},
            "organization": {"reference": "Organization/org-1"},
        },
    )


def _encounter() -> Resource:
    return {
        "resourceType": "Encounter",
        "id": ENCOUNTER,
        "status": "in-progress",
        "class": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
                ]
            }
        ],
        "type": [{"text": "Consultation"}],
        "subject": {"reference": f"Patient/{PATIENT}"},
        "participant": [{"actor": {"reference": f"Practitioner/{PRACTITIONER}"}}],
    }


def _order() -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": "order-31",
        "status": "active",
        "intent": "order",
        "code": {
            "concept": {
                "coding": [{"system": "http://loinc.org", "code": "85354-9"}],
                "text": "Blood pressure",
            }
        },
        "subject": {"reference": f"Patient/{PATIENT}"},
        "requester": {"reference": f"Practitioner/{PRACTITIONER}"},
    }


def _two_visits() -> tuple[Resource, ...]:
    """Return a stay on a ward and a visit to a clinic, both open, and what led to the second."""
    patient = {"reference": f"Patient/{PATIENT_WITH_TWO_VISITS}", "type": "Patient"}
    return (
        {
            "resourceType": "Appointment",
            "id": "app-9",
            "status": "arrived",
            "description": "Blood pressure check",
            "start": "2026-11-23T09:30:00+01:00",
            "end": "2026-11-23T09:45:00+01:00",
            "subject": patient,
            "participant": [{"actor": patient, "required": True, "status": "accepted"}],
        },
        _open_visit("enc-772", "IMP", "Stay on ward 4", "2026-11-21T16:05:00+01:00"),
        _open_visit("enc-773", "AMB", "Hypertension clinic", "2026-11-23T09:22:00+01:00")
        | {"appointment": [{"reference": "Appointment/app-9"}]},
        {
            "resourceType": "ServiceRequest",
            "id": "order-32",
            "status": "active",
            "intent": "order",
            "code": {"concept": {"text": "Blood pressure, three times"}},
            "subject": patient,
            "encounter": {"reference": "Encounter/enc-773"},
            "authoredOn": "2026-11-23T09:24:00+01:00",
        },
    )


def _open_visit(id_: str, kind: str, name: str, since: str) -> Resource:
    act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "in-progress",
        "class": [{"coding": [{"system": act_code, "code": kind}]}],
        "type": [{"text": name}],
        "subject": {"reference": f"Patient/{PATIENT_WITH_TWO_VISITS}"},
        "actualPeriod": {"start": since},
    }
