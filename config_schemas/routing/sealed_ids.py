"""Ids of what providers keep, as clients see them."""

from config_schemas.base import Model, SecretReference


class SealedIds(Model):
    """The key that seals the ids of files, batches and stored answers, which are not served without it.

    The Secret of the tenant `platform` has random text of at least 32 characters under it. Ids that were sealed
    under its other keys still open: to change the key, add one and name it here. Gateways of one tenant need the same.
    """

    secret_ref: SecretReference
