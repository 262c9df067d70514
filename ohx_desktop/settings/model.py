"""What settings may be: one frozen, strict model; its JSON Schema is the reference for IT.

No field holds a secret: secrets live in the keyring, under the names that `secret set` takes.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ohx_desktop.domain.check_digit import CheckDigit
from ohx_desktop.domain.scan_format import ScanFormat

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _service_url(url: str) -> str:
    """Refuse what would carry health data in clear over a network."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("must be a plain address such as https://ehr.example/fhir")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return url.rstrip("/")
    raise ValueError("must begin with https:// (http:// only for this computer itself)")


def _redirect_url(url: str) -> str:
    """Refuse what a provider would not take as a registered address; it compares each letter."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be an address such as https://clinic.example/link")
    return url


ServiceUrl = Annotated[str, AfterValidator(_service_url)]
RedirectUrl = Annotated[str, AfterValidator(_redirect_url)]
Reference = Annotated[str, Field(pattern=r"^(Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EhrAuthSettings(_Section):
    """How this workstation signs in to the EHR."""

    method: Literal[
        "none", "basic", "bearer", "client-credentials", "smart-backend", "smart-launch", "mtls"
    ] = Field(default="none", description="Sign-in method; secrets come from the keyring.")
    client_id: str | None = Field(default=None, description="Client or user name at the EHR.")
    redirect_port: int = Field(
        default=0, ge=0, le=65535, description="smart-launch: port on this computer; 0 is any."
    )
    stay_signed_in: bool = Field(
        default=False,
        description="smart-launch: ask for a sign-in that lasts, so that the queue goes on.",
    )
    certificate: Path | None = Field(default=None, description="mtls: certificate in PEM.")
    certificate_key: Path | None = Field(default=None, description="mtls: its private key in PEM.")


class EhrSettings(_Section):
    """The clinic's EHR."""

    base_url: ServiceUrl | None = Field(
        default=None, description="FHIR base address, such as https://ehr.example/fhir."
    )
    fhir_version: Literal["auto", "R5", "R4"] = Field(
        default="auto", description="auto: ask the EHR."
    )
    patient_identifier_system: str | None = Field(
        default=None, description="System URI of the identifiers that patients show."
    )
    timeout_s: float = Field(default=30.0, gt=0, le=300, description="Limit of one request.")
    parallel: int = Field(
        default=4, ge=1, le=16, description="For so many patients readings are sent at once."
    )
    auth: EhrAuthSettings = EhrAuthSettings()


class StationSettings(_Section):
    """This workstation."""

    name: str | None = Field(default=None, description="Name of the station; default: host name.")
    practitioner: Reference | None = Field(
        default=None,
        description="Who measures and confirms at this station, such as Practitioner/12.",
    )
    practitioner_name: str | None = Field(
        default=None, description="How that person is shown in the window."
    )
    sign_in: Literal["none", "pin", "ehr"] = Field(
        default="none",
        description="Who confirms: none: practitioner, whoever sits here. pin: people of this "
        "workstation (ohx-desktop staff). ehr: people of the EHR, with ehr.auth.method = "
        "smart-launch.",
    )
    lock_after_minutes: int = Field(
        default=10,
        ge=0,
        le=480,
        description="With sign_in: lock the window after so long without a person; 0 is never.",
    )
    pin_digits: int = Field(default=4, ge=4, le=12, description="Least length of a PIN.")


class StoreSettings(_Section):
    """The encrypted queue: where its key comes from, and how long readings may lie unassigned."""

    key_source: Literal["keyring", "systemd-credential", "pin", "file"] = Field(
        default="keyring",
        description="Where the key of the queue is: keyring: the system's own. systemd-credential: "
        "handed over by the unit. pin: sealed in the profile, opened by a person at the start. "
        "file: plain in key_file. Move it with: ohx-desktop key move.",
    )
    key_file: Path | None = Field(
        default=None, description="Only with key_source = file, on an encrypted disk."
    )
    tray_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="After so many days a reading nobody has assigned is shown as overdue; it is "
        "never deleted by itself.",
    )
    verify_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="After so many hours a reading that the EHR acknowledged, but does not let be "
        "read back, is erased all the same.",
    )
    reconcile_at: str = Field(
        default="03:00",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d|off)$",
        description="At this time of day the window compares what was filed lately with what the "
        'EHR holds ("off": never).',
    )

    keep_days_after_verified: int = Field(
        default=0,
        ge=0,
        le=30,
        description="A reading is erased here as soon as the EHR has given it back, or so many "
        "days later.",
    )

    @model_validator(mode="after")
    def _key_file_goes_with_file(self) -> "StoreSettings":
        if (self.key_source == "file") != (self.key_file is not None):
            raise ValueError('key_file is needed with key_source = "file", and only there')
        return self


class DeviceSettings(_Section):
    """What is switched on for models of devices, by their names in docs/devices.md.

    By default nothing is written to a device but what its protocol needs to be read.
    """

    set_clock: tuple[str, ...] = Field(
        default=(), description="Set the clock of these models once their records are in."
    )
    clear_unread: tuple[str, ...] = Field(
        default=(),
        description="Tell these Omron models that their records were fetched; the maker's program "
        "then no longer finds them.",
    )
    allow_unconfirmed: tuple[str, ...] = Field(
        default=(),
        description="Read these map-only Omron models; each reading must be compared with the "
        "display.",
    )


class CloudProviderSettings(_Section):
    """A cloud provider; the clinic brings its own client id."""

    client_id: str | None = Field(
        default=None,
        description="The clinic's own registration; without it the provider is off. Its secret is "
        "in the keyring (secret set cloud.withings, cloud.google_health).",
    )
    authorize_url: ServiceUrl | None = None
    token_url: ServiceUrl | None = None
    api_url: ServiceUrl | None = None
    redirect_url: RedirectUrl | None = Field(
        default=None,
        description="Page of the clinic that sends the browser on to this computer "
        "(docs/linking.md), exactly as registered; without it the browser comes here at once.",
    )
    redirect_port: int = Field(
        default=8973,
        ge=0,
        le=65535,
        description="Port of this computer that the browser comes back to; 0 is any, where the "
        "provider allows that.",
    )
    activity: bool = Field(default=False, description="Ask for sleep and steps, too.")
    requests_per_minute: int | None = Field(
        default=None,
        ge=10,
        le=100_000,
        description="What the clinic's plan with the provider allows; without it what the provider "
        "allows everybody.",
    )


def _schedule(expression: str) -> str:
    """Refuse what is no cron expression of five fields; "" is never."""
    if expression and expression != NIGHTLY:
        from ohx_desktop.ops.wall_schedule import cron

        cron(expression)
    return expression


NIGHTLY = "30 2 * * *"


class CloudSettings(_Section):
    """Cloud providers."""

    schedule: Annotated[str, AfterValidator(_schedule)] = Field(
        default=NIGHTLY,
        description="When all linked accounts are read by themselves, by the clock on the wall: "
        "minute, hour, day, month, day of the week as in cron; empty for never. A quarter of an "
        "hour later at most.",
    )
    withings: CloudProviderSettings = CloudProviderSettings()
    google_health: CloudProviderSettings = CloudProviderSettings()


class KioskSettings(_Section):
    """The patient kiosk."""

    idle_timeout_s: int = Field(default=60, ge=15, le=600)
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)


class ScanSettings(_Section):
    """What a scanned wristband looks like. Other codes are refused; without it any is taken."""

    pattern: str | None = Field(
        default=None,
        description="Regular expression for the whole scan, with a group (?P<identifier>…).",
    )
    check_digit: CheckDigit = Field(
        default=CheckDigit.NONE,
        description="Check digit of the identifier: none, mod10 (Luhn), gs1 (mod 10 of GS1), "
        "mod11 (NHS number), mod97 (ISO 7064).",
    )
    gs1_ai: str | None = Field(
        default=None,
        description="GS1 application identifier that holds it, such as 8018 (GSRN).",
    )

    @model_validator(mode="after")
    def _is_a_format(self) -> "ScanSettings":
        _ = self.format
        return self

    @property
    def format(self) -> ScanFormat:
        """The format that these settings describe."""
        return ScanFormat(pattern=self.pattern, check_digit=self.check_digit, gs1_ai=self.gs1_ai)


class WindowSettings(_Section):
    """How the window looks."""

    theme: Literal["system", "light", "dark", "high-contrast"] = "system"


class Settings(_Section):
    """All settings of the program."""

    ehr: EhrSettings = EhrSettings()
    station: StationSettings = StationSettings()
    store: StoreSettings = StoreSettings()
    devices: DeviceSettings = DeviceSettings()
    cloud: CloudSettings = CloudSettings()
    kiosk: KioskSettings = KioskSettings()
    scan: ScanSettings = ScanSettings()
    window: WindowSettings = WindowSettings()

    @model_validator(mode="after")
    def _sign_in_fits_the_ehr(self) -> "Settings":
        by_launch = self.ehr.auth.method == "smart-launch"
        if self.station.sign_in == "ehr" and not by_launch:
            raise ValueError('station.sign_in = "ehr" needs ehr.auth.method = "smart-launch"')
        if self.station.sign_in == "pin" and by_launch:
            raise ValueError('with ehr.auth.method = "smart-launch" station.sign_in is "ehr"')
        return self

    @property
    def sign_in(self) -> Literal["none", "pin", "ehr"]:
        """How people sign in: where the EHR takes nothing but their own sign-in, by that."""
        return "ehr" if self.ehr.auth.method == "smart-launch" else self.station.sign_in
