# ruff: noqa: RUF001 - typographic quotes and dashes are what a person reads
"""Every sentence the window shows, in one place, ready for translation.

Words of a person, not of a program: what happened, what it means for the reading, what to do.
Templates are filled with str.format; names in braces are part of the contract with ui/models. Words
for the members of an enumeration stand under its values: this file imports nothing, because the
first frame waits for it.
"""

from typing import Final

APPLICATION: Final = "OHX Desktop"

MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

# ── patient ──────────────────────────────────────────────────────────────────────────────────
PATIENT: Final = "Patient"
BORN: Final = "Born"
GENDER: Final = "Gender"
IDENTIFIER: Final = "Number"
NOT_KNOWN: Final = "Not known"
DECEASED: Final = "Deceased"
GENDERS: Final = {"male": "Male", "female": "Female", "other": "Other", "unknown": NOT_KNOWN}
AGE_YEARS: Final = "{n} y"
AGE_MONTHS: Final = "{n} m"
AGE_DAYS: Final = "{n} d"
CHANGE_PATIENT: Final = "Change patient"

# ── finding ──────────────────────────────────────────────────────────────────────────────────
FIND_HEADING: Final = "Whose reading is it?"
FIND_HELP: Final = (
    "Scan the wristband, or type the number, or the family name, given name and birth date."
)
FIND_PLACEHOLDER: Final = "943 476 5919   or   Smith, Jane, 23-Nov-1951"
FIND_FIELD: Final = "Number, or family name, given name and birth date"
FIND: Final = "Find patient"
SEARCHING: Final = "Searching…"
ONE_FOUND: Final = "1 patient found. Compare name and birth date with the person, then press Enter."
MANY_FOUND: Final = "{n} patients found. Choose with the arrow keys, then press Enter."
RESULTS: Final = "Patients found"
NOBODY_YET: Final = ("The patients found will be listed here.", "Compare all of it, then choose.")
NOBODY_FOUND: Final = (
    "Nobody found.",
    "Check the spelling and the birth date, or search by the number.",
)
QUERY_EMPTY: Final = ("Nothing was typed.", "Scan or type a number, or a name.")
QUERY_TOO_WIDE: Final = (
    "A family name alone finds too many people.",
    "Add a comma and the given name, or the birth date: Smith, Jane, 23-Nov-1951.",
)
QUERY_NO_NAME: Final = (
    "A birth date alone finds nobody.",
    "Type the family name first: Smith, 23-Nov-1951.",
)
QUERY_BAD_DATE: Final = (
    "The birth date was not understood.",
    "Type day, month in letters and four-digit year: 23-Nov-1951.",
)
QUERY_TWO_WAYS: Final = (
    "The birth date can be read in two ways.",
    "Type the month in letters: 23-Nov-1951.",
)
NO_SEARCH_YET: Final = "Nothing was searched yet."
SEARCH_FAILED: Final = "Nobody was found and nobody was chosen."
SEARCH_LATER: Final = "Search again in a moment; call your administrator if it lasts."
DECEASED_QUESTION: Final = (
    "The EHR says that this patient has died.",
    "Check that it is the right person. No patient was chosen yet.",
)
DECEASED_YES: Final = "Choose this patient"
NAME_ALONE_QUESTION: Final = (
    "A name alone is shared by many.",
    "Ask the person for the birth date. No patient was chosen yet.",
)
NAME_ALONE_NUMBER: Final = (
    "A name alone is shared by many.",
    "Compare the number {number} with the person’s papers. No patient was chosen yet.",
)
NAME_ALONE_YES: Final = "They say {born}"
NAME_ALONE_YES_NUMBER: Final = "It is the same number"
ASK_BORN_TOO: Final = "Ask for the birth date, too."
UNIDENTIFIED: Final = (
    "This record has neither a birth date nor a number.",
    (
        "It cannot be told from another of this name, so no reading can be filed for it. "
        "Have the record completed, then search again."
    ),
)
FOUND_NOTES: Final = {
    "too-many": (
        "More people match than can be compared.",
        "The right one may be missing, so nobody is shown. Add the birth date, or use the number.",
    ),
    "not-unique": (
        "Several patients have this number.",
        "Nobody can know whose it is, so it chooses nobody. Search by name and birth date.",
    ),
    "inactive": (
        "This record is not in use any more.",
        "No reading can be filed for it. Search by name and birth date.",
    ),
    "replaced": (
        "This record was replaced by another one.",
        "The one in use now is shown. Compare all of it, then choose.",
    ),
    "replaced-by-nobody": (
        "This record was replaced by another one, which is not in use either.",
        "No reading can be filed for it. Search by name and birth date.",
    ),
}
GO_BACK: Final = "Go back"

# ── visit and order ──────────────────────────────────────────────────────────────────────────
VISIT: Final = "Visit"
ORDER: Final = "Order"
NO_VISIT: Final = "No visit"
NO_ORDER: Final = "No order"
SOME_VISIT: Final = "Open visit"
SOME_ORDER: Final = "Open order"
SINCE: Final = "{name}, since {time}"
ORDERED: Final = "{name}, of {time}"
APPOINTMENT: Final = "{name}, appointment {time}"
CHANGE_CONTEXT: Final = "Change"
CHOICE_SPOKEN: Final = "{group}: {option}"
CONTEXT_INCOMPLETE: Final = (
    "Not all visits and orders could be read; the reading can be saved all the same."
)

# ── waiting ──────────────────────────────────────────────────────────────────────────────────
THE_DEVICE: Final = "the device"
QUOTED: Final = "“{name}”"
LISTENING: Final = "Waiting for {device}"
CONNECTING: Final = "{device} answers"
PAIRING: Final = "Pairing with {device}"
IDENTIFYING: Final = "Checking {device}"
RECEIVING: Final = "The reading is arriving"
ENDED: Final = "{device} has switched off"
LISTENING_STEPS: Final = "Start the measurement on the device.\nIt will appear here by itself."
TALKING_STEPS: Final = "Leave the device close to this computer.\nThe reading appears in a moment."
PAIRING_STEPS: Final = "If the device asks, confirm on the device.\nThis is needed only once."
ENDED_STEPS: Final = "If no reading came, measure again.\nIt will appear here by itself."
NOT_LISTENING: Final = "Not listening"
NOT_LISTENING_STEPS: Final = "When it is mended, try again."
NO_RADIO_STEPS: Final = "When Bluetooth works again, listening goes on by itself."
AFTER_PROBLEM_STEPS: Final = "The reading will appear here by itself."
LISTEN_AGAIN: Final = "Try again"
STORED_ONE: Final = "1 older reading in the device’s memory was left out."
STORED_MANY: Final = "{n} older readings in the device’s memory were left out."
PICTURES: Final = {
    "cuff": "An upper-arm cuff",
    "scale": "A scale",
    "thermometer": "A thermometer",
    "oximeter": "A finger clip for oxygen saturation",
    "glucose-meter": "A glucose meter with a strip",
    "": "A measuring device",
}

# ── reviewing ────────────────────────────────────────────────────────────────────────────────
BLOOD_PRESSURE: Final = "Blood pressure"
PULSE: Final = "Pulse"
NO_VALUE: Final = "–"
KINDS: Final = {
    "systolic_blood_pressure": "Systolic pressure",
    "diastolic_blood_pressure": "Diastolic pressure",
    "mean_arterial_pressure": "Mean pressure",
    "pulse_rate": PULSE,
    "resting_heart_rate": "Resting heart rate",
    "body_weight": "Weight",
    "fat_mass": "Fat mass",
    "lean_mass": "Lean mass",
    "soft_lean_mass": "Soft lean mass",
    "muscle_mass": "Muscle mass",
    "bone_mass": "Bone mass",
    "body_water_mass": "Body water",
    "body_height": "Height",
    "body_mass_index": "Body mass index",
    "body_fat_percentage": "Body fat",
    "muscle_percentage": "Muscle",
    "body_water_percentage": "Body water",
    "oxygen_saturation": "Oxygen saturation",
    "oxygen_saturation_daily_average": "Oxygen saturation, daily average",
    "respiratory_rate_daily_average": "Breathing rate, daily average",
    "basal_metabolism": "Basal metabolism",
    "impedance": "Impedance",
    "visceral_fat_level": "Visceral fat level",
    "body_temperature": "Temperature",
    "skin_temperature": "Skin temperature",
    "blood_glucose": "Glucose",
    "pulse_wave_velocity": "Pulse wave velocity",
    "heart_rate_variability": "Heart rate variability",
    "heart_rate_variability_sdnn": "Heart rate variability (SDNN)",
    "step_count": "Steps",
    "sleep_duration": "Sleep",
    "deep_sleep_duration": "Deep sleep",
    "light_sleep_duration": "Light sleep",
    "rem_sleep_duration": "REM sleep",
}
UNITS: Final = {
    "mm[Hg]": "mmHg",
    "/min": "/min",
    "kg": "kg",
    "[lb_av]": "lb",
    "cm": "cm",
    "[in_i]": "in",
    "kg/m2": "kg/m²",
    "%": "%",
    "kcal/d": "kcal/day",
    "Ohm": "Ω",
    "1": "",
    "Cel": "°C",
    "[degF]": "°F",
    "mg/dL": "mg/dL",
    "mmol/L": "mmol/L",
    "m/s": "m/s",
    "ms": "ms",
    "min": "min",
    "s": "s",
    "kPa": "kPa",
    "m": "m",
    "mm": "mm",
    "g": "g",
    "[stone_av]": "st",
    "kJ/d": "kJ/day",
    "kg/L": "kg/L",
    "mol/L": "mol/L",
}
SPOKEN_UNITS: Final = {
    "mm[Hg]": "millimetres of mercury",
    "/min": "per minute",
    "kg": "kilograms",
    "[lb_av]": "pounds",
    "cm": "centimetres",
    "[in_i]": "inches",
    "kg/m2": "kilograms per square metre",
    "%": "per cent",
    "kcal/d": "kilocalories a day",
    "Ohm": "ohm",
    "1": "",
    "Cel": "degrees Celsius",
    "[degF]": "degrees Fahrenheit",
    "mg/dL": "milligrams per decilitre",
    "mmol/L": "millimoles per litre",
    "m/s": "metres per second",
    "ms": "milliseconds",
    "min": "minutes",
    "s": "seconds",
    "kPa": "kilopascal",
    "m": "metres",
    "mm": "millimetres",
    "g": "grams",
    "[stone_av]": "stone",
    "kJ/d": "kilojoules a day",
    "kg/L": "kilograms per litre",
    "mol/L": "moles per litre",
}
SPOKEN_PRESSURE: Final = "Blood pressure {systolic} over {diastolic} {unit}"
SPOKEN_VALUE: Final = "{label} {figures} {unit}"
AS_SHOWN: Final = "The device shows {figures} {unit}"
FACT: Final = "{label} {figures} {unit}"
ON_TIME: Final = "{time}, on time"
AGO: Final = "{time}, {length} ago"
AHEAD: Final = "{time}, later than this computer’s clock"
CLOCK_CORRECTED: Final = "{time}, the device’s clock was {length} {side} and is corrected"
BEHIND: Final = "behind"
FAST: Final = "ahead"
CLOCK_CORRECTED_ALONE: Final = "{time}, corrected by the device’s clock"
TIME_UNKNOWN: Final = "Time unknown: compare with the device’s display"
TIME_RECEIVED: Final = "Arrived {time}, the device tells no time: compare with its display"
MINUTES: Final = "{n} min"
HOURS: Final = "{h} h"
HOURS_MINUTES: Final = "{h} h {n} min"
DAYS: Final = "{n} d"
SECONDS: Final = "{n} s"
FLAGS: Final = {
    "irregular_pulse": "Irregular pulse reported",
    "body_movement": "Movement during the measurement",
    "cuff_too_loose": "Cuff too loose",
    "cuff_fit_ok": "Cuff fits",
    "improper_position": "Arm not in the right position",
    "pulse_out_of_range": "Pulse outside the device’s range",
    "measurement_averaged": "Average of several measurements",
    "ambiguous_person": "The device has several users: check whose reading it is",
    "manual_entry": "Typed by hand",
    "user_confirmed": "Confirmed on the device",
    "implausible": "Not plausible: measure again",
    "unproven_model": "Model not proven: compare the values",
    "early_estimate": "Early estimate: the measurement was still going on",
    "questionable": "Questionable, says the device",
    "poor_signal": "Poor signal",
    "low_perfusion": "Low perfusion",
    "plasma_sample": "Glucose of plasma",
    "before_meal": "Before a meal",
    "after_meal": "After a meal",
    "fasting": "Fasting",
    "bedtime": "At bedtime",
    "at_armpit": "In the armpit",
    "at_ear": "In the ear",
    "at_finger": "At a finger",
    "at_intestine": "In the gastro-intestinal tract",
    "at_mouth": "In the mouth",
    "at_rectum": "In the rectum",
    "at_toe": "At a toe",
}
NOT_REGISTERED: Final = "This device is not registered here: compare with its display"
FROM_DEVICE: Final = "From {device}"
FROM_NUMBERED: Final = "From {device}, {number}"
MORE_ONE: Final = "1 more reading comes after this one"
MORE_MANY: Final = "{n} more readings come after this one"
DISPLAY_CHECK: Final = "The device’s display shows {figures} now"
CONFIRM: Final = "Confirm and save"
ENTER_KEY: Final = "⏎"
SAVING: Final = "Saving…"
MEASURE_AGAIN: Final = "Measure again"
NOT_THIS_PATIENT: Final = "Not this patient"
LEAVE_QUESTION: Final = (
    "This reading is not confirmed yet.",
    "If you go on, it leaves the screen and waits in the tray until somebody says whose it is.",
)
WRONG_PATIENT_QUESTION: Final = (
    "Not this patient?",
    "The reading leaves the screen and waits in the tray until somebody says whose it is.",
)
CLOSE_QUESTION: Final = (
    "This reading is not confirmed yet.",
    "If you close now, it waits in the tray until somebody says whose it is.",
)
LOSE_QUESTION: Final = (
    "This reading is on this screen only.",
    "If you go on, it is lost. Write it down first, or confirm it.",
)
KEEP_READING: Final = "Keep the reading"
TO_TRAY: Final = "Leave it in the tray"
TO_TRAY_AND_CLOSE: Final = "Close"
LOSE: Final = "Go on without it"
CLOSING_WHEN_SAVED: Final = ("The reading is being saved.", "The window closes after that.")

# ── filed ────────────────────────────────────────────────────────────────────────────────────
SAVED: Final = "Saved"
SENT: Final = "Sent"
SENDING: Final = "Sending"
NOT_SENT: Final = "Not sent yet"
REFUSED: Final = "Needs you"
IN_CHART: Final = "In the chart"
CHECKING_CHART: Final = "Checking the chart"
NOT_IN_CHART: Final = "Not in the chart yet"
SENT_BY_ITSELF: Final = "It is sent by itself"
TRIES_AGAIN: Final = "Next try {time}"
READ_BACK: Final = "It is read back and compared"
AFTER_SENDING: Final = "It is checked after sending"
NEXT_PATIENT: Final = "Next patient"
NEXT_READING: Final = "Next reading"
MORE_WAIT_ONE: Final = "1 more reading of this patient waits."
MORE_WAIT_MANY: Final = "{n} more readings of this patient wait."
MORE_NOT_SAVED: Final = "It is not confirmed. Look at it next, or leave it in the tray."
MORE_NOT_SAVED_MANY: Final = "They are not confirmed. Look at them next, or leave them in the tray."
FIRST_ONLY_COPY: Final = (
    "The next reading is on this screen only.",
    "See to that one first. This one is found in the queue later (F8).",
)
STEP_DONE: Final = "{label}, done, {detail}"
STEP_OPEN: Final = "{label}, {detail}"
NEEDS_YOU: Final = "The EHR did not take this reading."
STAYS_SAFE: Final = "It stays safe on this computer. Call your administrator."

# ── devices ──────────────────────────────────────────────────────────────────────────────────
DEVICES: Final = "Devices"
DEVICES_HEADING: Final = "Devices of this workstation"
DEVICES_HELP: Final = "Only these devices give readings here. Register each cuff and scale once."
DEVICES_TABLE: Final = "Registered devices"
NO_DEVICES: Final = (
    "No device is registered yet.",
    "Until one is, any supported device may answer, and each reading is compared by hand.",
)
ADD_DEVICE: Final = "Add a device"
FORGET: Final = "Forget"
DONE: Final = "Done"
REGISTERED_SINCE: Final = "Registered {day}"
SERIAL: Final = "Serial {serial}"
UNNAMED_DEVICE: Final = "Device"
FORGET_QUESTION: Final = (
    "Forget {device}?",
    "It gives no more readings here until it is registered again. Readings already saved stay.",
)
FORGET_YES: Final = "Forget the device"
FORGETTING: Final = "Forgetting {device}…"
BOND_LEFT: Final = (
    "{device} is forgotten here.",
    "The system still knows it: remove it in the Bluetooth settings of this computer, too.",
)

SEARCH_HEADING: Final = "Which device?"
SEARCH_HELP: Final = (
    "Press the device’s Bluetooth button, or measure once. It is listed here by itself."
)
SEARCH_LISTENING: Final = "Listening… the nearest device comes first."
SEARCH_OVER: Final = "Listening has ended. Search again if the device is missing."
SEARCH_STOPPED: Final = "Not listening"
SEARCH_FOUND: Final = "Devices in range"
SEARCH_EMPTY: Final = (
    "No device was heard yet.",
    "Bring it close to this computer and press its Bluetooth button.",
)
SEARCH_AGAIN: Final = "Search again"
SUPPORT: Final = {
    "captured": "Known from real recordings",
    "user-confirmed": "Confirmed by users",
    "map-only": "Known from a table only",
}
SUPPORT_BY_STANDARD: Final = "Follows the Bluetooth standard"
WHY_UNREAD: Final = {
    "map-only": "Nobody has shown that its values are read rightly",
    "no-driver": "This version of the program does not read this kind of device",
    "unknown-model": "This program does not know the model",
}
CANNOT_BE_USED: Final = "Cannot be used"
IS_REGISTERED: Final = "Registered already"
TWIN_REGISTERED: Final = "Another of this model is registered"
NEARNESS: Final = ("Very near", "Near", "Far")
NEARNESS_UNKNOWN: Final = "Distance unknown"
SPOKEN_DEVICE: Final = "{name}, {facts}, {nearness}"

CHOSEN_HEADING: Final = "Get {device} ready"
CHOSEN_AGAIN: Final = ("This device is registered already.", "Go on to pair it anew.")
CHOSEN_TWIN: Final = (
    "Another device of this model is registered here.",
    "Is this one meant? Then go on: both give readings here.",
)
START_PAIRING: Final = "Register it"
ANOTHER_DEVICE: Final = "Another device"
PAIRING_HELP: Final = {
    "omron-hold-button": (
        "Hold the Bluetooth button of the device for 3 to 5 seconds, until P blinks."
    ),
    "omron-phones-off": (
        "Switch Bluetooth off on phones that use this device: it talks to one at a time."
    ),
    "beurer-wake": "Press M1 or M2, or the Bluetooth button, so that the device is on the air.",
    "scale-menu": (
        "Start pairing in the scale’s Bluetooth menu, until APP flashes. "
        "After a change of batteries it does so by itself."
    ),
    "scale-confirm-number": "If the scale shows a number, confirm it.",
    "scale-shows-p0": "The scale shows P and its user number.",
    "scale-press-set": "When it shows a number, press SET with your foot.",
    "step-on": "Step on the scale, so that it is on the air.",
    "scale-button": "If it does not answer, press its button.",
    "thermometer-button": "Press the M button.",
    "oximeter-button": "Hold its button for some seconds.",
    "glucose-code": "If a code is asked for, newer meters have 982249.",
    "manual": "Put the device into pairing mode, as its manual says.",
    "type-passkey": "It shows six digits. Type them here within half a minute.",
    "passkey-may-come": "If it shows six digits, type them here within half a minute.",
    "system-settings-first": (
        "It shows six digits: pair it once in the Bluetooth settings of Windows, then go on here."
    ),
    "system-asks": "macOS asks by itself whether to pair: agree.",
    "keep-close": "Leave it close to this computer.",
}

ENROL_WAITING: Final = "Waiting for {device}"
ENROL_TALKING_STEPS: Final = "Leave it close to this computer. This takes up to a minute."
ENROL_STEPS: Final = ("Found", "Connected", "Registered")
ENROL_STEP_NOW: Final = "now"
ENROL_STEP_LATER: Final = "not yet"
ENROL_STEP_DONE: Final = "done"
CANCEL: Final = "Cancel"

PASSKEY_HEADING: Final = "{device} shows a number"
PASSKEY_HELP: Final = (
    "Type its six digits within half a minute. This is needed only once for each device."
)
PASSKEY_FIELD: Final = "The six digits on the device"
PASSKEY_SEND: Final = "Pair"
PASSKEY_NONE: Final = "No number is shown"
PASSKEY_PROBLEMS: Final = {
    "empty": ("Nothing was typed.", "Type the six digits that the device shows."),
    "not-six-digits": (
        "That is not a number of six digits.",
        "Look at the device’s display and type all six digits.",
    ),
}

REGISTERED_HEADING: Final = "{device} is registered"
REGISTERED_HELP: Final = "Its readings are taken here from now on. Take one to be sure."
ADD_ANOTHER: Final = "Add another"
FAILED_HEADING: Final = "{device} is not registered"
NOT_REGISTERED_YET: Final = "It gives no readings here yet."
TRY_AGAIN: Final = "Try again"

# ── footer ───────────────────────────────────────────────────────────────────────────────────
ALL_SENT: Final = "Everything is sent"
WAITING_FOR_EHR: Final = "{n} waiting for the EHR"
NEED_YOU_ONE: Final = "1 needs you"
NEED_YOU_MANY: Final = "{n} need you"
DIFFERING_ONE: Final = "1 reading differs in the EHR"
DIFFERING_MANY: Final = "{n} readings differ in the EHR"
UNASSIGNED_ONE: Final = "1 reading waits to be assigned"
UNASSIGNED_MANY: Final = "{n} readings wait to be assigned"
OVERDUE_ONE: Final = "1 in the tray is overdue"
OVERDUE_MANY: Final = "{n} in the tray are overdue"
# ── tray ─────────────────────────────────────────────────────────────────────────────────────
TRAY: Final = "Tray"
TRAY_HEADING: Final = "Whose readings are these?"
TRAY_NO_PATIENT: Final = "To give a reading to somebody, find that patient first, then come back."
TRAY_COMPARE: Final = "Give a reading to this patient only if you know that it is theirs."
TRAY_EMPTY: Final = ("Nothing waits here.", "Readings that nobody confirmed will be listed here.")
TRAY_BACK: Final = "Go back"
TRAY_ASSIGN: Final = "To this patient"
TRAY_DISCARD: Final = "Discard"
TRAY_ASSIGN_NAME: Final = "Give {values} to this patient"
TRAY_DISCARD_NAME: Final = "Discard {values}"
TRAY_ASSIGN_QUESTION: Final = (
    "Was {values} measured on {name}?",
    "Born {born}, {label} {number}. Compare both with the person or the wristband.",
)
TRAY_ASSIGN_YES: Final = "Yes, save it"
TRAY_KEEP: Final = "Leave it here"
TRAY_WHY: Final = ("Why is {values} discarded?", "It is erased. Nothing of it is kept.")
TRAY_REASONS: Final = {
    "measured-again": "Measured again",
    "not-a-patient": "Nobody’s: a trial or a visitor",
    "unknown-person": "Nobody knows whose it is",
}
TRAY_CAME: Final = "Came {time}"
TRAY_MEASURED: Final = "Measured {time}"
TRAY_IN_VIEW: Final = "This patient was on the screen then"
TRAY_OTHER_IN_VIEW: Final = "Another patient was on the screen then"
TRAY_FROM: Final = "From {service}"
TRAY_SERVICES: Final = {
    "withings": "Withings",
    "fitbit": "Fitbit",
    "google-health": "Google Health",
}
TRAY_OF_ACCOUNT: Final = "From this patient’s account"
TRAY_OTHER_ACCOUNT: Final = "From another patient’s account"
TRAY_NO_ACCOUNT: Final = "The service is not sure whose it is"
TRAY_TWIN: Final = "May be in the tray, or saved, a second time by way of another service"
TRAY_STORED: Final = "From the cuff’s memory"
TRAY_OVERDUE: Final = "Waits for too long"
TRAY_ODD: Final = "A record nobody can read"
TRAY_ODD_HELP: Final = "Report the cuff’s model to support"
TRAY_DONE: Final = ("The reading is saved.", "It is sent by itself.")

# ── queue ────────────────────────────────────────────────────────────────────────────────────
QUEUE_NAME: Final = "Queue: {counts}"
QUEUE_TIP: Final = "What waits, what was sent (F8)"
QUEUE_HEADING: Final = "What waits, and what became of it"
QUEUE_HELP: Final = "Choose an entry to see why, to send it again, or to put it right."
QUEUE_LIST: Final = "Readings in the queue"
QUEUE_SHOW: Final = "Show"
QUEUE_ALL: Final = "All"
QUEUE_GROUPS: Final = {
    "needs-you": "Needs you",
    "waiting": "Waiting",
    "arrived": "Arrived",
    "given-up": "Given up",
}
QUEUE_COUNTED: Final = "{group} ({n})"
QUEUE_EMPTY: Final = {
    "": ("Nothing is in the queue.", "Each reading that is confirmed will be listed here."),
    "needs-you": ("Nothing needs you.", "What the EHR does not take will be listed here."),
    "waiting": ("Nothing waits.", "What is still to be sent will be listed here."),
    "arrived": ("Nothing has arrived yet.", "What the EHR has taken will be listed here."),
    "given-up": ("Nothing was given up.", "What a person discards will be listed here."),
}
QUEUE_READING: Final = "Looking through the queue…"
QUEUE_MORE: Final = "Show more"
QUEUE_COMPARE: Final = "Compare with the EHR"
QUEUE_UNCHANGED: Final = "Nothing was changed."
QUEUE_LATER: Final = "Try again in a moment; call your administrator if it lasts."
QUEUE_LOOK_AGAIN: Final = "Look at the entry once more; it may have changed meanwhile."
QUEUE_SPOKEN: Final = "{title}. {details}"

ENTRY_TITLES: Final = {
    "queued": "Waits for the EHR",
    "sending": "Is being sent",
    "acknowledged": "Sent",
    "verified": "In the chart",
    "needs-attention": "Needs you",
    "discarded": "Given up",
}
ORDER_TITLES: Final = {
    "queued": "A correction waits for the EHR",
    "sending": "A correction is being sent",
    "acknowledged": "A reading was marked as entered in error",
    "verified": "A reading was marked as entered in error",
    "needs-attention": "A correction needs you",
    "discarded": "A correction was given up",
}
ENTRY_TITLE_WHY: Final = "{title}: {why}"
ENTRY_TAKEN_BACK: Final = "Taken back"
ENTRY_BEING_TAKEN_BACK: Final = "Is being taken back"
ENTRY_REFILED: Final = "It was filed anew for another patient."
ENTRY_IS_REFILED: Final = "Filed anew for the right patient."
ENTRY_SAVED: Final = "Saved {time}, {length} ago"
ENTRY_SAVED_NOW: Final = "Saved {time}"
ENTRY_ORDERED: Final = "Decided {time}, {length} ago"
ENTRY_ORDERED_NOW: Final = "Decided {time}"
ENTRY_ARRIVED: Final = "Arrived {time}"
ENTRY_ENDED: Final = "Given up {time}"
ENTRY_ATTEMPTS: Final = "{n} attempts"
ENTRY_NEXT: Final = "Next try {time}"
ENTRY_DOUBTFUL: Final = "The EHR may have it already: it is looked up there before it is sent."
ENTRY_GIVEN_UP_DOUBTFUL: Final = "Nobody knows whether the EHR has it."
ENTRY_BEING_CHECKED: Final = "It is read back and compared."
ENTRY_NOT_CHECKED: Final = "The EHR does not let it be read back."
ENTRY_REFERENCE: Final = "In the EHR: {reference}"
ENTRY_BY: Final = "Decided by {who}"
ENTRY_HELD: Final = "The reading is still on this computer."
ENTRY_ERASED: Final = "The reading is no longer on this computer; a receipt without values is."
ENTRY_FACTS: Final = "What is known of this entry"
ENTRY_RETRY: Final = "Send again"
ENTRY_RETRYING: Final = "Sending again…"
ENTRY_RETRIED: Final = ("It is sent again now.", "It goes on by itself.")
ENTRY_WRONG: Final = "Wrong patient or wrong reading?"
ENTRY_DISCARD: Final = "Give it up"
ENTRY_DISCARD_ORDER: Final = "Give the correction up"
ENTRY_LOOK: Final = "Show the reading"
ENTRY_HIDE: Final = "Hide the reading"
ENTRY_FILED_FOR: Final = "Filed for {name}, born {born}, {label} {number}"

WHY_CORRECT: Final = "What is wrong with this reading?"
WHY_DISCARD: Final = "Why is this reading given up?"
WHY_DISCARD_ORDER: Final = "Why is this correction given up?"
WHY_HELP: Final = "Choose a reason. Nothing happens before you say yes to what comes of it."
QUEUE_REASONS: Final = {
    "wrong-patient": "It is another patient’s",
    "measured-wrongly": "It was measured wrongly",
    "measured-again": "Measured again",
    "entered-by-hand": "Entered into the EHR by hand",
    "not-a-patient": "Nobody’s: a trial or a visitor",
    "not-wrong": "The reading was right",
    "other": "Another reason",
}
TAKE_BACK_QUESTION: Final = (
    "Have this reading marked as entered in error?",
    "It stays visible in the EHR, with the mark. That cannot be undone from here.",
)
TAKE_BACK_YES: Final = "Mark it as entered in error"
GIVE_UP_QUESTION: Final = (
    "Give this reading up?",
    "It has not reached the EHR. It is erased here, and nothing of it is kept.",
)
GIVE_UP_DOUBTFUL_QUESTION: Final = (
    "Give this reading up?",
    "It is erased here. The EHR may have it all the same: look there.",
)
GIVE_UP_YES: Final = "Give it up"
GIVE_UP_ORDER_QUESTION: Final = (
    "Give this correction up?",
    "The reading then stays in the EHR as it is.",
)
MENDING_BUSY: Final = (
    "It is being done…",
    "Where the reading is no longer here, the EHR is asked for it first.",
)
RIGHT_QUESTION: Final = (
    "Was this reading measured on {name}?",
    (
        "Born {born}, {label} {number}. Compare both with the person or the wristband. It is "
        "filed for them, and marked as entered in error where it is now."
    ),
)
RIGHT_YES: Final = "Yes, file it for them"
RIGHT_UNKNOWN: Final = "Nobody knows whose it is"
MENDED_HEADING: Final = {
    "refiled": "It goes to the right patient",
    "taken-back": "It is being taken back",
    "given-up": "It is given up",
    "order-given-up": "The correction is given up",
}
MENDED_HELP: Final = {
    "refiled": "It goes on by itself. You can go on with the next patient.",
    "taken-back": "It goes on by itself. You can go on with the next patient.",
    "given-up": "It is erased here and never sent. Measure again if a reading is needed.",
    "order-given-up": "The reading stays in the EHR as it is.",
}
MENDED_DECIDED: Final = "Decided"
MENDED_DECIDED_DETAIL: Final = "Saved on this computer"
MENDED_ERASED: Final = "Erased on this computer"
MENDED_ORDER_GONE: Final = "The reading stays as it is"
MENDED_TAKEN_BACK: Final = "Entered in error"
MENDED_NEVER_SENT: Final = "It never left this computer"
MENDED_NOT_YET: Final = "Waits for the EHR, goes on by itself"
MENDED_SENDING: Final = "Is being sent"
MENDED_RIGHT: Final = "Right patient"
MENDED_RIGHT_DETAIL: Final = "{name}\n{detail}"
MENDED_SENT: Final = "Sent, is being checked"
MENDED_MARKED: Final = "Marked in the EHR"
MENDED_FILED: Final = "In the chart"
MENDED_NEEDS_YOU: Final = "Needs you: see the queue"
MENDED_TO_QUEUE: Final = "To the queue"

COMPARE_HEADING: Final = "Does the EHR still have what was filed?"
COMPARE_HELP: Final = (
    "Receipts of the last {days} days are compared with the EHR. Nothing is changed by it."
)
COMPARE_EMPTY: Final = (
    "Nothing was compared yet.",
    "What the EHR no longer has as it was filed will be listed here.",
)
COMPARE_SAME: Final = ("Nothing differs.", "The EHR has all of it as it was filed.")
COMPARE_SO_FAR: Final = ("Nothing differs so far.", "What differs will be listed here.")
COMPARE_ROWS: Final = "What differs in the EHR"
COMPARE_RUN: Final = "Compare now"
COMPARE_AGAIN: Final = "Compare again"
COMPARE_RUNNING: Final = "Asking the EHR… {n} compared."
COMPARE_DONE: Final = "{n} compared. {differing}"
COMPARE_NONE_DIFFERS: Final = "Nothing differs."
COMPARE_ONE_DIFFERS: Final = "1 differs: let the administrator of the EHR look at it."
COMPARE_SOME_DIFFER: Final = "{n} differ: let the administrator of the EHR look at them."
COMPARE_CANCELLED: Final = "Cancelled. It says nothing about what was not reached: {n} compared."
COMPARE_BROKEN_OFF: Final = "The comparison could not be finished."
COMPARE_NOT_COMPARABLE: Final = "Of older versions, with nothing to compare by: {n}."
COMPARE_IN_CORRECTION: Final = "In correction: {n}."
COMPARE_FOUND: Final = {
    "absent": "The EHR does not have it any more",
    "different": "The EHR has something else than was confirmed",
    "doubled": "The EHR has it more than once",
    "retracted": "Taken back in the EHR by somebody",
}

# ── signed in ────────────────────────────────────────────────────────────────────────────────
SIGNED_IN: Final = "Signed in: {name}"
NOT_SIGNED_IN: Final = "Nobody signed in"
SIGN_OUT: Final = "Sign out"
SIGN_OUT_NAME: Final = "Sign out (Ctrl+Shift+L)"
LOCK: Final = "Lock"
LOCK_NAME: Final = "Lock (Ctrl+L)"
SIGN_OUT_QUESTION: Final = (
    "Sign out now?",
    "This reading has not been confirmed. It waits in the tray.",
)
SIGN_OUT_ONLY_COPY: Final = (
    "Sign out now?",
    "This reading is on this screen only. Whoever signs in next sees it here.",
)
SIGN_OUT_KEEP: Final = "Stay signed in"

WHO_HEADING: Final = "Who are you?"
WHO_HELP: Final = "Choose your name, then type your PIN."
WHO_LOCKED: Final = "This station is locked by {name}. Choose your name, then type your PIN."
WHO_NOBODY: Final = (
    "Nobody can sign in here yet",
    "An administrator adds people with: ohx-desktop staff add",
)
WHO_LIST: Final = "People of this workstation"
PIN_HEADING: Final = "{name}"
PIN_HELP: Final = "Type your PIN."
PIN_LOCKED: Final = "You have locked this station. Type your PIN to go on."
PIN_FIELD: Final = "PIN"
PIN_SEND: Final = "Sign in"
PIN_CHECKING: Final = "Checking…"
PIN_OTHER: Final = "Someone else"
PIN_DELETE: Final = "⌫"
PIN_DELETE_NAME: Final = "Delete the last digit"
PIN_CLEAR: Final = "C"
PIN_CLEAR_NAME: Final = "Delete all digits"
PIN_PROBLEMS: Final = {
    "empty": ("No PIN was typed.", "Type your PIN, then press Enter."),
    "wrong": ("This is not the PIN.", "Type it again."),
    "too-soon": ("This PIN was not tried yet.", "It was typed wrongly too often."),
    "not-set": (
        "You have no PIN yet.",
        "An administrator sets it with: ohx-desktop staff pin",
    ),
}
PIN_WAIT: Final = "Wait {wait}, then type it again."
PIN_WAIT_S: Final = "{n} seconds"
PIN_WAIT_MIN: Final = "{n} minutes"
UNLOCK: Final = (
    "Open this workstation",
    "Readings that wait here are sealed. Type the PIN or passphrase of this workstation.",
    "Open",
)
UNLOCK_NEW: Final = (
    "Choose the PIN of this workstation",
    (
        "It seals the readings that wait here, and is asked for at each start. Take at least 8 "
        "characters; best are five random words or 14 random digits. Keep it in a safe place: "
        "without it nobody can open what waits here."
    ),
    "Choose and open",
)
UNLOCK_FIELD: Final = "PIN or passphrase"
UNLOCK_AGAIN: Final = "The same again"
UNLOCK_WRONG: Final = ("This is not the PIN of this workstation.", "Type it again.")
UNLOCK_PROBLEMS: Final = {
    "empty": ("No PIN was typed.", "Type it, then press Enter."),
    "not-the-same": ("The two are not the same.", "Type the same PIN twice."),
}
EHR_SIGN_IN_HEADING: Final = "Sign in"
EHR_LOCKED_HEADING: Final = "This station is locked by {name}"
EHR_SIGN_IN_HELP: Final = "Readings are confirmed in the name of whoever signs in."
EHR_SIGN_IN: Final = "Sign in with the EHR"
EHR_OPENED_HEADING: Final = "Sign in in your browser"
EHR_OPENED_HELP: Final = "The page of the EHR is open there. Come back here when it says so."
EHR_CANCEL: Final = "Cancel"
LOCKED_ONLY_COPY: Final = (
    "A reading is on this screen only.",
    "Sign in and see to it before you close the program.",
)

# ── the window itself ────────────────────────────────────────────────────────────────────────
STARTING: Final = ("Starting", "Opening the queue and looking for Bluetooth.")
CLOSING: Final = ("Closing", "Finishing what was begun. Nothing is lost.")
CLOSE: Final = "Close"
SALVAGE: Final = "Save what is whole"
SALVAGING: Final = (
    "Saving what is whole",
    "The damaged file is kept as it is. Do not switch this computer off.",
)
SALVAGED: Final = "What is whole was saved"
SALVAGED_ALL: Final = "The queue is whole. Nothing was changed."
START_AGAIN: Final = "Close the program and start it again."

# ── scanning ─────────────────────────────────────────────────────────────────────────────────
SCAN_FAULTS: Final = {
    "form": (
        "This code is no wristband of this clinic.",
        "Nobody was searched. Scan the wristband, or type the number.",
    ),
    "check-digit": (
        "A digit of the scanned number is wrong.",
        "Nobody was searched. Scan again; if it stays, have a new wristband printed.",
    ),
}

# ── errors, by code: what happened, what it means for the reading, what to do ────────────────
# A code that is not here is shown in the error's own words (domain/errors.py).
_MEASURE_AGAIN: Final = "Check the device and measure again."
_NO_READING: Final = "There is no reading of it."
ERRORS: Final = {
    "device-not-found": (
        "No device was heard.",
        "No reading was taken.",
        "Switch the device on near this computer.",
    ),
    "connection-lost": (
        "The device stopped answering.",
        "The reading did not arrive whole, so none was taken.",
        "Press the device’s Bluetooth button once more.",
    ),
    "device-silent": (
        "The device does not answer.",
        "No reading was taken.",
        "Press the device’s Bluetooth button once more.",
    ),
    "pairing-refused": (
        "The device does not know this computer.",
        "No reading was taken.",
        "Put the device into pairing mode and enrol it again.",
    ),
    "another-device": (
        "This is not the device that is registered here.",
        "Its reading was not taken.",
        "Use the registered device, or register this one under Devices.",
    ),
    "nobody-signed-in": (
        "Nobody is signed in.",
        "The reading was not confirmed and stays where it was.",
        "Sign in, then confirm it again.",
    ),
    "no-keyring": (
        "This computer has no safe place for keys.",
        "Readings cannot be stored safely, so none can be taken.",
        "Ask your administrator to set up a keyring, or to choose another key source.",
    ),
    "keyring-locked": (
        "The keyring of this computer is locked.",
        "Readings cannot be stored safely, so none can be taken.",
        "Unlock it by signing in with your password, then start again.",
    ),
    "not-kept": (
        "This reading could not be saved on this computer yet.",
        "It is on this screen only.",
        "Write it down, then confirm it. Call your administrator.",
    ),
    "already-open": (
        "The program is open already.",
        "Nothing was changed; readings go on in the other window.",
        "Close this one and use the other.",
    ),
    "measurement-failed": (
        "The device could not measure.",
        "There is no reading.",
        _MEASURE_AGAIN,
    ),
    "truncated": (
        "The device sent something this program does not understand.",
        _NO_READING,
        _MEASURE_AGAIN,
    ),
    "trailing-bytes": (
        "The device sent something this program does not understand.",
        _NO_READING,
        _MEASURE_AGAIN,
    ),
    "implausible": (
        "The device sent a value that cannot be true.",
        _NO_READING,
        _MEASURE_AGAIN,
    ),
}
PAIRING_ERRORS: Final = {
    "not-in-pairing-mode": (
        "The device is not in pairing mode.",
        "No reading was affected.",
        "Hold its Bluetooth button until P blinks, then try again.",
    ),
    "bonded-elsewhere": (
        "The device is paired with another phone or computer.",
        "No reading was taken.",
        "Put it into pairing mode and register it here again; the other one then loses it.",
    ),
    "bond-forgotten": (
        "The device does not know this computer any more.",
        "No reading was taken.",
        "Forget it under Devices, put it into pairing mode and register it again.",
    ),
    "passkey": (
        "The device did not get the number that it shows.",
        "No reading was affected.",
        "Try again, and type the number that it shows then.",
    ),
}
RADIO_ERRORS: Final = {
    "no-adapter": (
        "This computer has no Bluetooth.",
        "No reading can be taken here.",
        "Plug in a Bluetooth adapter, or use another computer.",
    ),
    "powered-off": (
        "Bluetooth is switched off.",
        "No reading was taken.",
        "Switch Bluetooth on in the system settings.",
    ),
    "no-service": (
        "The Bluetooth service of this computer does not run.",
        "No reading was taken.",
        "Ask your administrator to start it.",
    ),
    "not-permitted": (
        "This program may not use Bluetooth.",
        "No reading was taken.",
        "Allow it in the system’s privacy settings.",
    ),
}

# ── administration ───────────────────────────────────────────────────────────────────────────
ADMIN: Final = "Administration"
ADMIN_HELP: Final = "For the administrator of this workstation. No patient is in view here."
ADMIN_CHECK: Final = "Check the EHR"
ADMIN_CHECK_HELP: Final = "Can this EHR take our readings? Each thing that can be wrong, in turn."
ADMIN_MAPPING: Final = "Preview a mapping"
ADMIN_MAPPING_HELP: Final = "What a mapping file changes of what is sent, before it is in force."
SETUP_MORE: Final = "There is more under Administration (F10)."
SETUP_WHERE: Final = "See Administration (F10)."

CHECK_HEADING: Final = "Can this EHR take our readings?"
CHECK_HELP: Final = "Nothing is stored by the check, unless you ask for the test reading below."
CHECK_LINES: Final = "What was checked"
CHECK_EMPTY: Final = (
    "Nothing was checked yet.",
    "Each thing that was checked will be listed here, with what to do about it.",
)
CHECK_RUN: Final = "Run the check"
CHECK_AGAIN: Final = "Run it again"
CHECK_CANCEL: Final = "Cancel"
CHECK_COPY: Final = "Copy the report"
CHECK_COPIED: Final = "The report is on the clipboard. It holds no names and no secrets."
CHECK_RUNNING: Final = "Asking the EHR… {n} checked."
CHECK_STOPPING: Final = "Stopping… what was written for the test is taken back first."
CHECK_CANCELLED: Final = "The check was cancelled. It says nothing about what was not reached."
CHECK_GOOD: Final = "{n} checked. Nothing stands in the way of our readings."
CHECK_WARNED: Final = "{n} checked. Readings can arrive; look at what is marked: {marked}."
CHECK_FAILED: Final = "Readings will not arrive yet. See what is marked as failed."
CHECK_BROKEN_OFF: Final = "The check could not be finished."
CHECK_VERDICTS: Final = {"ok": "OK", "warning": "Look at this", "failed": "Failed"}
CHECK_NAMES: Final = {
    "proxy": "Proxy",
    "tls": "Encryption",
    "clock": "Clock",
    "reachable": "Reachable",
    "fhir-version": "FHIR version",
    "way": "Way of storing",
    "transaction": "Transactions",
    "conditional-create": "Conditional create",
    "update-create": "Update as create",
    "validate": "Validation offered",
    "patient-search": "Sign-in and patient search",
    "scopes": "Permissions",
    "validate-own": "Our Observations",
    "write": "Test reading",
}
CHECK_SPOKEN: Final = "{name}: {verdict}. {detail}"
CHECK_PATIENT: Final = "Reference of a test patient"
CHECK_PATIENT_HINT: Final = "Test patient, such as Patient/test-1"
CHECK_WRITE: Final = "Check with a test reading"
CHECK_WRITE_QUESTION: Final = (
    "Store a made-up reading for {patient}?",
    (
        "Only for a patient who is no real person. It is read back and taken back; some EHRs "
        "keep it, marked as test data and as entered in error."
    ),
)
CHECK_WRITE_YES: Final = "It is a test patient: store it"
CHECK_WRITE_NO: Final = "Store nothing"
CHECK_WRONG_PATIENT: Final = (
    "This is not the reference of a patient.",
    "Type Patient/ and the id that the EHR gives the test patient. Nothing was sent.",
)
REPORT_HEADING: Final = "OHX Desktop {version}: check of the EHR, {when}"
REPORT_PATIENT: Final = "Patient/…"
REPORT_QUOTED: Final = "the EHR has something to say about our Observations; see the screen"
REPORT_STATE: Final = {
    "never": "not run",
    "running": "not finished yet",
    "stopping": "not finished yet",
    "done": "finished",
    "cancelled": "cancelled",
}

MAPPING_HEADING: Final = "What does a mapping change?"
MAPPING_HELP: Final = "Made-up readings, as they would be sent. Nothing is sent from here."
MAPPING_FIELD: Final = "Path of a mapping file"
MAPPING_FIELD_HINT: Final = "A mapping file, such as /media/usb/mapping.toml"
MAPPING_CHOOSE: Final = "Choose a file…"
MAPPING_FILTER: Final = "Mapping files (*.toml)"
MAPPING_SHOW: Final = "Show"
MAPPING_IN_FORCE: Final = "The one in force"
MAPPING_PUT: Final = "Put in force"
MAPPING_PUTTING: Final = "Putting it in force…"
MAPPING_LOOKING: Final = "Reading the mapping…"
MAPPING_STATUS_OWN: Final = "The mapping in force, compared with the built-in one."
MAPPING_STATUS_FILE: Final = "{name}, compared with the mapping in force."
MAPPING_STATUS_BROKEN: Final = "{name} is not in force, and cannot be."
MAPPING_BROKEN: Final = (
    "{name} is not a valid mapping.",
    "Nothing has changed. Correct what is listed, then show it again.",
)
MAPPING_ROWS: Final = "What changes, sample by sample"
MAPPING_FAULTS: Final = "What is wrong with the file"
MAPPING_FAULT: Final = "Fault {n}"
MAPPING_JSON: Final = "The Observations as JSON: - before, + after"
MAPPING_SAMPLES: Final = {
    "blood-pressure": "Blood pressure 128/82 mmHg",
    "weight": "Weight 165.2 lb",
    "temperature": "Temperature 36.8 °C",
    "oxygen": "Oxygen saturation 97 %",
    "glucose": "Glucose 5.4 mmol/L",
}
MAPPING_SAME: Final = "Sent as before"
MAPPING_SAME_JSON: Final = "Nothing differs in the Observations of this sample."
MAPPING_ELEMENTS: Final = {
    "code": "code",
    "text": "name",
    "category": "category",
    "profile": "profile",
    "tag": "tag",
    "value": "value",
}
MAPPING_CHANGE: Final = "{subject}, {element}: {how}"
MAPPING_INSTEAD: Final = "{before} → {after}"
MAPPING_ALSO: Final = "also {after}"
MAPPING_NO_LONGER: Final = "no longer {before}"
MAPPING_ORDER: Final = "in another order: {after}"
CODE_SYSTEMS: Final = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "urn:iso:std:iso:11073:10101": "IEEE 11073",
}
MAPPING_LEFT_OUT: Final = "Not sent: {what}"
MAPPING_NOTHING: Final = "Nothing of this reading may be sent: it could not be filed."
MAPPING_PARTS: Final = {
    "devices": "the device as a resource of its own",
    "provenance": "who measured and confirmed (Provenance)",
}
MAPPING_PUT_QUESTION: Final = (
    "Put {name} in force?",
    (
        "It concerns what is confirmed from now on; what waits in the queue stays as it is. The "
        "mapping before it is kept."
    ),
)
MAPPING_PUT_YES: Final = "Put it in force"
MAPPING_PUT_NO: Final = "Leave it as it is"
MAPPING_DONE: Final = (
    "{name} is in force.",
    "It concerns what is confirmed from now on.",
)
MAPPING_KEPT: Final = "The mapping before it is kept as {kept}."

# ── accounts at cloud services ───────────────────────────────────────────────────────────────
# A change of these words is another version: CONSENT_TEXT in desk/linking_states.py.
CONSENT_WORDS: Final = (
    "The patient agrees that this clinic fetches weight, blood pressure and other measurements "
    "from the patient’s own account with {service}, shows them to staff, and files in the "
    "patient’s record what staff confirm. Nothing is written to the account. The patient can end "
    "this at any time, here or in the settings of the account."
)
CONSENT_STEPS: Final = {
    "browser": "The browser opens {service}: the patient signs in there with their own account.",
    "exchange": "The patient came back; {service} is asked for the permission …",
    "account": "Looking up whose account it is …",
}
