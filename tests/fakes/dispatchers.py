"""Ways to an upstream that send nothing."""

from dataclasses import dataclass

from data_plane.config.structs import Stickiness
from data_plane.exchange import Exchange
from data_plane.pipeline.sides import Dispatcher, Receiver
from data_plane.upstream.cluster import ModelVersion, ServiceTarget


@dataclass(frozen=True, slots=True)
class FakeDispatcher:
    """Shows what it was made for."""

    versions: tuple[ModelVersion, ...] = ()
    target: ServiceTarget | None = None

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        raise AssertionError("nothing is sent in these tests")


class FakeDispatchers:
    """Chooses the first version that has a weight."""

    def for_model(
        self, versions: tuple[ModelVersion, ...], stickiness: Stickiness | None, *, is_lossy: bool = False
    ) -> Dispatcher:
        return FakeDispatcher(versions=versions)

    def for_service(self, target: ServiceTarget) -> Dispatcher:
        return FakeDispatcher(target=target)

    def choose_version(
        self, versions: tuple[ModelVersion, ...], stickiness: Stickiness | None, exchange: Exchange
    ) -> ModelVersion:
        return next(version for version in versions if version.weight)
