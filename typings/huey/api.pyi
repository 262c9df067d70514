from datetime import datetime
from typing import Any

class Task:
    args: tuple[Any, ...]
    retries: int

class TaskWrapper:
    def __call__(self, *args: Any) -> Any: ...
    def schedule(
        self,
        args: tuple[Any, ...] | None = ...,
        *,
        delay: float | None = ...,
        eta: datetime | None = ...,
    ) -> Any: ...
