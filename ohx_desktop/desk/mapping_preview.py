"""Looking at a mapping file before it is in force: the state machine behind the preview.

What is put in force is the very content that was looked at, whatever happened to its file since.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ohx_desktop.desk.admin_states import MappingPreview
from ohx_desktop.desk.clinic_mapping import ClinicMapping
from ohx_desktop.desk.mapping_changes import difference
from ohx_desktop.desk.mapping_difference import Difference
from ohx_desktop.desk.sample_readings import Sample, sample_submission
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules
from ohx_desktop.fhir.mapping_file import BrokenMapping, read_content, rules_in
from ohx_desktop.ops.logging import log_problem


class MappingDesk:
    """The conversation of the mapping page. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop.
    """

    def __init__(
        self, mapping: ClinicMapping, *, on_state: Callable[[MappingPreview], None]
    ) -> None:
        self._mapping = mapping
        self._on_state = on_state
        self._chosen: bytes | None = None
        self._one_at_a_time = asyncio.Lock()
        self.state = MappingPreview()

    async def show_in_force(self) -> None:
        """Show what the mapping in force changes of the built-in one."""
        async with self._one_at_a_time:
            self._chosen = None
            differences = await asyncio.to_thread(_differences, BUILT_IN, self._mapping.rules)
            self._show(self._preview(None, differences))

    async def choose(self, path: Path) -> None:
        """Show what a file would change of the mapping in force, or why it is none."""
        async with self._one_at_a_time:
            self._chosen = None
            try:
                content = await asyncio.to_thread(read_content, path)
                rules = await asyncio.to_thread(rules_in, content, path.name)
            except OhxError as error:
                log_problem(error)
                faults = error.faults if isinstance(error, BrokenMapping) else ()
                self._show(replace(self._preview(path.name, None), broken=error, faults=faults))
                return
            differences = await asyncio.to_thread(_differences, self._mapping.rules, rules)
            self._chosen = content
            self._show(self._preview(path.name, differences))

    async def put_in_force(self) -> None:
        """Put the mapping that is shown in force. The shell has asked whether that is meant."""
        async with self._one_at_a_time:
            name, content = self.state.name, self._chosen
            if name is None or content is None or not self.state.can_put_in_force:
                return
            self._show(replace(self.state, is_putting=True, error=None))
            try:
                done = await self._mapping.put_in_force(content, name)
            except OhxError as error:
                log_problem(error)
                self._show(replace(self.state, is_putting=False, error=error))
                return
            problem = self._mapping.problem
            self._show(replace(self.state, is_putting=False, done=done, in_force_problem=problem))

    def _preview(
        self, name: str | None, differences: Mapping[Sample, Difference] | None
    ) -> MappingPreview:
        problem = self._mapping.problem
        return MappingPreview(name=name, differences=differences, in_force_problem=problem)

    def _show(self, state: MappingPreview) -> None:
        self.state = state
        self._on_state(state)


def _differences(before: MappingRules, after: MappingRules) -> Mapping[Sample, Difference]:
    return {sample: difference(sample_submission(sample), before, after) for sample in Sample}
