"""What is sent of a queued bundle, made while the disk still writes the reading down. Pure."""

from dataclasses import dataclass

from ohx_desktop.fhir.encoding import Json, decode, encode
from ohx_desktop.fhir.plan import UploadPlan, rendered


@dataclass(frozen=True, slots=True)
class Rendered:
    """A bundle as one server takes it, and the bytes of it."""

    sent: Json
    content: bytes


class Prepared:
    """Keeps the one bundle that was made ready last until it is asked for."""

    def __init__(self) -> None:
        self._ready: tuple[bytes, UploadPlan, Rendered] | None = None

    def make(self, bundle: bytes, plan: UploadPlan) -> None:
        """Make ready what `take` will be asked for next."""
        self._ready = (bundle, plan, _rendered(bundle, plan))

    def take(self, bundle: bytes, plan: UploadPlan) -> Rendered:
        """Return a bundle as the server of this plan takes it."""
        ready, self._ready = self._ready, None
        if ready is not None and ready[0] is bundle and ready[1] == plan:
            return ready[2]
        return _rendered(bundle, plan)


def _rendered(bundle: bytes, plan: UploadPlan) -> Rendered:
    queued = decode(bundle)
    if plan.is_as_queued:
        return Rendered(queued, bundle)
    sent = rendered(queued, plan)
    return Rendered(sent, encode(sent))
