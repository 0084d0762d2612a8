"""Seals Secrets anew under the first master key, so that older ones can be taken out of the file.

Versions in the history stay as they were sealed: without the old key they can no longer be shown or rolled back to.
"""

import logging

from config_schemas.canonical import encode
from control_plane.errors import StoredInvalid
from control_plane.secrets.sealer import Sealer, SealError, sealed_under
from control_plane.secrets.secret_document import reseal_document
from control_plane.store.base import Compare, Conflict, Entry, Put, Store
from control_plane.store.initialise import SEAL_CHECK_PATH, SEAL_CHECK_TEXT
from control_plane.store.keys import SEAL_CHECK_KEY, find_resource_name, kind_prefix
from control_plane.store.stored import parse_stored

PERIOD_SECONDS = 3600.0

logger = logging.getLogger(__name__)


class KeyRotation:
    """A duty of the leader."""

    name = "key_rotation"
    period_seconds = PERIOD_SECONDS

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def run(self, fence: Compare) -> None:
        """Seal anew what is sealed under another key; the check value last, since it stands for all of them."""
        check = await self._store.get(SEAL_CHECK_KEY)
        if check is None or sealed_under(check.value.decode(errors="replace")) == self._sealer.key_id:
            return
        tenants = await self._store.list(kind_prefix("platform", "Tenant"))
        names = ["platform", *(entry.key.rpartition("/")[2] for entry in tenants.entries)]
        is_complete = True
        for tenant in names:
            page = await self._store.list(kind_prefix(tenant, "Secret"))
            for entry in page.entries:
                is_complete &= await self._reseal(entry, fence)
        if is_complete:
            sealed = self._sealer.seal(SEAL_CHECK_PATH, "check", SEAL_CHECK_TEXT)
            await self._store.transact(
                [fence, Compare(SEAL_CHECK_KEY, check.revision)], [Put(SEAL_CHECK_KEY, sealed.encode())]
            )
            logger.info("master_key_rotated key=%s", self._sealer.key_id)

    async def _reseal(self, entry: Entry, fence: Compare) -> bool:
        """Whether the Secret is now sealed under the first key; if not, the next run tries again."""
        name = find_resource_name(entry.key)
        if name is None:
            return True
        try:
            document = reseal_document(self._sealer, str(name), parse_stored(entry.value))
            await self._store.transact([fence, Compare(entry.key, entry.revision)], [Put(entry.key, encode(document))])
        except Conflict as error:
            if error.key == fence.key:
                raise
            return False
        except (SealError, StoredInvalid) as error:
            logger.warning("secret_cannot_be_resealed resource=%s reason=%r", name, str(error))
            return False
        return True
