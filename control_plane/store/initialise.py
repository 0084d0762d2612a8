"""What an empty store begins with: the tenant and the gateway that are called `default`."""

from datetime import UTC, datetime

from config_schemas.base import Metadata
from config_schemas.canonical import resource_path, to_bytes
from config_schemas.identity.tenant import Tenant
from config_schemas.routing.gateway import Gateway
from control_plane.audit.log import timestamp
from control_plane.secrets.sealer import Sealer, SealError
from control_plane.store.base import Compare, Conflict, Put, Store
from control_plane.store.keys import INITIALISED_KEY, SEAL_CHECK_KEY, resource_key

SEAL_CHECK_PATH = "_system/seal-check"
SEAL_CHECK_TEXT = "isthmus"


class WrongMasterKey(Exception):
    """The store's Secrets are sealed under a master key that we do not have; the text says which."""


async def initialise(store: Store, now: datetime | None = None) -> None:
    """Write what an empty store begins with, once; of several control planes, one does. Deleted later, it stays so.

    Raises:
        StoreError: the store cannot be asked.
    """
    if await store.get(INITIALISED_KEY) is not None:
        return
    created_at = timestamp(now or datetime.now(UTC))
    metadata = Metadata(name="default", tenant="platform", generation=1, created_at=created_at)
    resources = (Tenant(metadata=metadata), Gateway(metadata=metadata))
    absent = [INITIALISED_KEY]
    puts = [Put(INITIALISED_KEY, created_at.encode())]
    for resource in resources:
        key = resource_key(resource_path(resource))
        if await store.get(key) is None:
            absent.append(key)
            puts.append(Put(key, to_bytes(resource)))
    try:
        await store.transact([Compare(key, 0) for key in absent], puts)
    except Conflict:
        return  # another control plane was faster


async def check_master_key(store: Store, sealer: Sealer) -> None:
    """Refuse to work with a master key that does not open this store's Secrets; the first one ever is taken.

    Raises:
        WrongMasterKey: it does not open the check value.
        StoreError: the store cannot be asked.
    """
    entry = await store.get(SEAL_CHECK_KEY)
    if entry is None:
        sealed = sealer.seal(SEAL_CHECK_PATH, "check", SEAL_CHECK_TEXT)
        try:
            await store.transact([Compare(SEAL_CHECK_KEY, 0)], [Put(SEAL_CHECK_KEY, sealed.encode())])
            return
        except Conflict:  # another control plane was faster: its key is the store's
            entry = await store.get(SEAL_CHECK_KEY)
    try:
        sealer.open(SEAL_CHECK_PATH, "check", entry.value.decode(errors="replace") if entry else "")
    except SealError as error:
        raise WrongMasterKey(
            "the master key file does not have the key under which this store's Secrets are sealed; "
            "start with the file that the other control planes use"
        ) from error
