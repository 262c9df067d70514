"""Where in a resource something is, as a simple FHIRPath for OperationOutcome.issue.expression."""

import re

Path = tuple[str | int, ...]
"""Property names and list positions from the resource down, as in its JSON."""

# The choice elements ("value[x]") of the types this server takes; JSON appends the type.
CHOICE = re.compile(
    r"(value|effective|occurred|occurrence|deceased|multipleBirth|author|asNeeded)([A-Z]\w*)"
)


def expression(root: str, path: Path) -> str:
    """Return the FHIRPath of this place: choice elements lose their type, lists have indices."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_element(step)}" for step in path)
    return root + "".join(steps)


def _element(name: str) -> str:
    choice = CHOICE.fullmatch(name)
    return choice[1] if choice else name
