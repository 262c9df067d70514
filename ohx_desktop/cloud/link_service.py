"""The links for the event loop: the store in a thread of its own, and news of every change."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar
from uuid import UUID

from ohx_desktop.cloud.link_states import LinkState
from ohx_desktop.cloud.link_store import LinkStore
from ohx_desktop.cloud.links import Consent, HeldTokens, Link, Pair, Receipt, Revocation
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.seen_store import SeenStore
from ohx_desktop.domain.clock import Now, system_now

T = TypeVar("T")


class AsyncLinks:
    """The links of one profile. Use `open`; call `close` when done.

    For what each method does and raises see the one of the same name of LinkStore. A change that
    has begun is finished, also when whoever waits for it is cancelled.
    """

    def __init__(
        self, store: LinkStore, thread: ThreadPoolExecutor, on_change: Callable[[], None] | None
    ) -> None:
        self._store = store
        self._thread = thread
        self._on_change = on_change
        self._seen_version: int | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        key: Callable[[], bytes],
        *,
        now: Now = system_now,
        on_change: Callable[[], None] | None = None,
    ) -> Self:
        """Open the links at `path`; `key` returns their key and may block (keyring).

        `on_change` is called on the loop after every change. Raises KeystoreError, StoreError.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="links")
        loop = asyncio.get_running_loop()
        try:
            store = await loop.run_in_executor(thread, lambda: LinkStore.open(path, key(), now=now))
        except BaseException:
            thread.shutdown(wait=False)
            raise
        links = cls(store, thread, on_change)
        await links.look_elsewhere()
        return links

    async def close(self) -> None:
        """Close the store."""
        await self._read(LinkStore.close)
        self._thread.shutdown(wait=False)

    async def look_elsewhere(self) -> bool:
        """Tell whether another process has changed the links since the last look."""
        version = await self._read(LinkStore.data_version)
        changed = self._seen_version not in {version, None}
        self._seen_version = version
        if changed and self._on_change is not None:
            self._on_change()
        return changed

    async def add(
        self,
        *,
        provider: Provider,
        account: str,
        patient: str,
        consent: Consent,
        pair: Pair,
        state: LinkState = LinkState.OK,
        code: str | None = None,
    ) -> Link:
        """Link an account, durably. Raises AccountTaken, AnotherAccount."""
        return await self._change(
            lambda store: store.add(
                provider=provider,
                account=account,
                patient=patient,
                consent=consent,
                pair=pair,
                state=state,
                code=code,
            )
        )

    async def end(self, link_id: UUID, *, by: str | None, revoke: bool = True) -> Receipt:
        """End a link. Raises NotLinked."""
        return await self._change(lambda store: store.end(link_id, by=by, revoke=revoke))

    async def links(self) -> list[Link]:
        """Return the live links."""
        return await self._read(LinkStore.links)

    async def link(self, link_id: UUID) -> Link:
        """Return a live link. Raises NotLinked."""
        return await self._read(lambda store: store.link(link_id))

    async def link_of_account(self, provider: Provider, account: str) -> Link | None:
        """Return the live link of an account, if there is one."""
        return await self._read(lambda store: store.link_of_account(provider, account))

    async def link_of_patient(self, patient: str, provider: Provider) -> Link | None:
        """Return a patient's live link with a provider, if there is one."""
        return await self._read(lambda store: store.link_of_patient(patient, provider))

    async def receipts(self) -> list[Receipt]:
        """Return what stays of the links that have ended."""
        return await self._read(LinkStore.receipts)

    async def synced(
        self,
        link_id: UUID,
        *,
        marks: Mapping[str, datetime] | None = None,
        last_data_at: datetime | None = None,
    ) -> Link:
        """Note a sync in which the provider answered. Raises NotLinked."""
        return await self._change(
            lambda store: store.synced(link_id, marks=marks, last_data_at=last_data_at)
        )

    async def note(self, link_id: UUID, state: LinkState, code: str | None = None) -> Link:
        """Note what a link has come to. Raises NotLinked."""
        return await self._change(lambda store: store.note(link_id, state, code))

    async def pause(self, link_id: UUID, *, by: str | None) -> Link:
        """Have nothing asked of an account until a person resumes it. Raises NotLinked."""
        return await self._change(lambda store: store.pause(link_id, by=by))

    async def resume(self, link_id: UUID) -> Link:
        """Have a paused link go on. Raises NotLinked."""
        return await self._change(lambda store: store.resume(link_id))

    async def tokens(self, link_id: UUID) -> HeldTokens:
        """Return the tokens of a live link. Raises NotLinked."""
        return await self._read(lambda store: store.tokens(link_id))

    async def asked(self, link_id: UUID) -> None:
        """Note that a renewal begins."""
        await self._read(lambda store: store.asked(link_id))

    async def renew(
        self, link_id: UUID, pair: Pair, *, generation: int, before: str | None
    ) -> HeldTokens:
        """Keep a new pair durably; return what is kept. Raises NotLinked."""
        return await self._read(
            lambda store: store.renew(link_id, pair, generation=generation, before=before)
        )

    async def revocations(self) -> list[Revocation]:
        """Return what is yet to be taken back at the providers."""
        return await self._read(LinkStore.revocations)

    async def revoked(self, link_id: UUID) -> None:
        """Forget a consent that has been taken back."""
        await self._change(lambda store: store.revoked(link_id))

    async def not_revoked(self, link_id: UUID, code: str) -> None:
        """Note that a consent could not be taken back yet."""
        await self._change(lambda store: store.not_revoked(link_id, code))

    async def of_seen(self, call: Callable[[SeenStore], T]) -> T:
        """Ask or change what has been read of the links. See SeenStore."""
        return await self._read(lambda store: call(store.seen))

    async def _read(self, call: Callable[[LinkStore], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)

    async def _change(self, call: Callable[[LinkStore], T]) -> T:
        result = await self._read(call)
        if self._on_change is not None:
            self._on_change()
        return result
