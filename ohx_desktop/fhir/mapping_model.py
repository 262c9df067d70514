"""What the mapping file may say: one strict model, and the rules it means.

    [quantities.body_weight]
    unit = "kg"
    codes = [{system = "http://loinc.org", code = "3141-9", display = "Body weight Measured"}]
    profiles = []

What would make a resource break the profile it claims is refused here, not by the EHR.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ohx_desktop.domain.quantity import QuantityKind, Unit, can_exchange
from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.mapping.codes import CATEGORY, coding
from ohx_desktop.fhir.mapping.quantity_codes import BLOOD_PRESSURE, QUANTITY_CODES, VITAL_SIGNS
from ohx_desktop.fhir.mapping.rules import ElementRules, MappingRules


def _printable(text: str) -> str:
    if not (text.strip() == text and text and text.isprintable()):
        raise ValueError("must be printable text without blanks around it")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Uri = Annotated[str, Field(pattern=r"^(https?://|urn:)\S+$")]
Code = Annotated[str, Field(pattern=r"^\S+( \S+)*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CodingModel(_Part):
    """One FHIR Coding."""

    system: Uri = Field(description="System URI of the code, such as http://loinc.org.")
    code: Code = Field(description="The code.")
    display: Text | None = Field(default=None, description="What the code is called there.")

    def coding(self) -> Json:
        """Return it as FHIR JSON."""
        return coding(self.system, self.code, self.display)


Codings = Annotated[tuple[CodingModel, ...], Field(min_length=1)]


class _Element(_Part):
    codes: Codings | None = Field(default=None, description="In place of the built-in codes.")
    more_codes: tuple[CodingModel, ...] = Field(default=(), description="Behind the others.")
    text: Text | None = Field(default=None, description="How people call it.")
    categories: Codings | None = Field(default=None, description="In place of the built-in one.")
    profiles: tuple[Uri, ...] | None = Field(
        default=None, description="Profiles that are claimed; [] claims none."
    )

    def _require_built_in_profile(self, loinc: str) -> None:
        """Refuse codes and categories with which the profile that is claimed does not hold."""
        if self.profiles is not None:
            return
        if self.codes is not None and loinc not in {code.code for code in self.codes}:
            raise ValueError(f"the profile demands the code {loinc}; keep it, or set profiles")
        wanted = (CATEGORY, VITAL_SIGNS[0])
        named = {(each.system, each.code) for each in self.categories or ()}
        if self.categories is not None and wanted not in named:
            raise ValueError(
                "the profile demands the category vital-signs; keep it, or set profiles"
            )

    def _rules(self, *, send: bool = True, unit: Unit | None = None) -> ElementRules:
        return ElementRules(
            send=send,
            codings=tuple(each.coding() for each in self.codes) if self.codes else None,
            more_codings=tuple(each.coding() for each in self.more_codes),
            text=self.text,
            categories=tuple(each.coding() for each in self.categories)
            if self.categories
            else None,
            profiles=self.profiles,
            unit=unit,
        )


class QuantityModel(_Element):
    """What differs for one kind of quantity."""

    send: bool = Field(default=True, description="False: it never leaves this workstation.")
    unit: Unit | None = Field(default=None, description="UCUM code of the unit to send it in.")

    def rules(self) -> ElementRules:
        """Return the rules it means."""
        return self._rules(send=self.send, unit=self.unit)

    def check(self, kind: QuantityKind) -> None:
        """Raise ValueError for what does not fit this kind."""
        row = QUANTITY_CODES[kind]
        if row.panel is not None:
            if not self.send and kind in row.panel.required:
                raise ValueError("a blood pressure is sent with both pressures")
            if self.categories is not None or self.profiles is not None:
                raise ValueError("categories and profiles are those of panels.blood_pressure")
        elif row.profile is not None:
            self._require_built_in_profile(row.loinc[0][0])
        if row.panel is not None and self.codes is not None:
            loinc = row.loinc[0][0]
            if loinc not in {code.code for code in self.codes}:
                raise ValueError(f"the profile demands the code {loinc} of this component")
        if self.unit is not None and not can_exchange(kind, self.unit):
            raise ValueError(f"it cannot be told in {self.unit.value}")


class PanelModel(_Element):
    """What differs for the panel of blood pressure."""

    def rules(self) -> ElementRules:
        """Return the rules it means."""
        return self._rules()

    @model_validator(mode="after")
    def _keeps_profile(self) -> Self:
        self._require_built_in_profile(BLOOD_PRESSURE.loinc[0])
        return self


class PanelsModel(_Part):
    """Quantities that share one Observation."""

    blood_pressure: PanelModel = PanelModel()


class SendModel(_Part):
    """Which resources are sent beside the Observations."""

    devices: bool = Field(default=True, description="Device resources; else a name only.")
    provenance: bool = Field(default=True, description="Who measured, confirmed and assembled.")


class MappingModel(_Part):
    """The whole mapping file."""

    quantities: dict[QuantityKind, QuantityModel] = Field(default_factory=dict)
    panels: PanelsModel = PanelsModel()
    tags: tuple[CodingModel, ...] = Field(default=(), description="Tags of every Observation.")
    send: SendModel = SendModel()

    def rules(self) -> MappingRules:
        """Return the rules it means."""
        return MappingRules(
            kinds={kind: model.rules() for kind, model in self.quantities.items()},
            blood_pressure=self.panels.blood_pressure.rules(),
            tags=tuple(tag.coding() for tag in self.tags),
            send_devices=self.send.devices,
            send_provenance=self.send.provenance,
        )
