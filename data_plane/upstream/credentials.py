"""The credentials at work in one worker."""

from weakref import WeakValueDictionary

from data_plane.providers.credential import Credential, CredentialSpec


class Live:
    """One credential, for as long as somebody holds this."""

    __slots__ = ("__weakref__", "credential")

    def __init__(self, credential: Credential) -> None:
        self.credential = credential


class Credentials:
    """Outlives snapshots, so that a new revision costs no token: a credential lives as long as a dispatcher uses it."""

    def __init__(self) -> None:
        self._live: WeakValueDictionary[CredentialSpec, Live] = WeakValueDictionary()

    def get(self, spec: CredentialSpec) -> Live:
        """The credential at work, started at first use."""
        live = self._live.get(spec)
        if live is None:
            live = self._live[spec] = Live(spec.start())
        return live
