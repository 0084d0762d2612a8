"""Certificates that change while a listener serves."""

import asyncio

from data_plane.config.certificate import Certificate, TlsSettings, read_certificate
from data_plane.ingress.tls import TlsContexts
from data_plane.ingress.tls_state import TlsState
from tests.fakes.certificates import pair


class Host:
    def __init__(self) -> None:
        self.contexts = TlsContexts()


def certificate(*names: str) -> Certificate:
    return read_certificate(names[0], *pair(*names))


class Scene:
    def __init__(self) -> None:
        self.host = Host()
        self.settings = TlsSettings()
        self.state = TlsState(self.host, lambda: self.settings)


A, B, BOTH = certificate("a.example"), certificate("b.example"), certificate("a.example", "b.example")


async def test_the_configuration_counts_before_files() -> None:
    scene = Scene()
    scene.state.use_files([A, B])
    await scene.state.refresh()
    from_files = scene.host.contexts
    scene.settings = TlsSettings((BOTH,))
    await scene.state.refresh()
    contexts = scene.host.contexts
    assert contexts.find("a.example") is contexts.find("b.example") is contexts.default
    assert contexts.default is not from_files.default
    scene.settings = TlsSettings()
    await scene.state.refresh()
    assert scene.host.contexts.find("a.example") is not scene.host.contexts.find("b.example")


async def test_what_has_not_changed_is_kept_with_its_tickets() -> None:
    scene = Scene()
    scene.state.use_files([A])
    await scene.state.refresh()
    before = scene.host.contexts
    await scene.state.refresh()
    assert scene.host.contexts is before
    scene.state.use_files([A, B])
    await scene.state.refresh()
    assert scene.host.contexts.default is before.default
    scene.settings = TlsSettings(min_version="TLS1.3")
    await scene.state.refresh()
    assert scene.host.contexts.default is not before.default


async def test_changes_that_come_amid_a_change_count_in_the_end() -> None:
    scene = Scene()
    scene.state.use_files([A])
    async with asyncio.TaskGroup() as group:
        group.create_task(scene.state.refresh())
        await asyncio.sleep(0)
        scene.state.use_files([B])
        group.create_task(scene.state.refresh())
    default = scene.host.contexts.default
    assert default is scene.host.contexts.find("b.example") and default is not None


async def test_without_certificates_there_is_no_default() -> None:
    scene = Scene()
    await scene.state.refresh()
    assert scene.host.contexts.default is None and scene.host.contexts.find("a.example") is None
