"""Tasks as JSON: what is read from the file of tasks is data, and never becomes code."""

import json
from datetime import datetime
from typing import Any

from huey.registry import Message
from huey.serializer import Serializer

_LATER = ("on_complete", "on_error", "expires", "expires_resolved", "chord_config")


class TaskJson(Serializer):
    """Writes and reads tasks and plain values. Raises ValueError for what it does not know."""

    def _serialize(self, data: Any) -> bytes:
        if not isinstance(data, Message):
            return json.dumps({"value": data}).encode()
        task = data._asdict()
        if any(task.pop(name) is not None for name in _LATER):
            raise ValueError("a task of this program stands alone")
        task["eta"] = None if data.eta is None else data.eta.isoformat()
        return json.dumps({"task": task}).encode()

    def _deserialize(self, data: bytes) -> Any:
        told = json.loads(bytes(data))
        if "value" in told:
            return told["value"]
        task = told["task"]
        eta = task["eta"]
        return Message(
            **{
                **task,
                "eta": None if eta is None else datetime.fromisoformat(eta),
                "args": tuple(task["args"]),
            }
        )
