"""The snapshot, compiled between other work: the agent decides by it, the workers serve it."""

import asyncio
from collections.abc import Mapping, Sequence

from data_plane.config.certificate import TlsSettings
from data_plane.config.compiler import Compiled, Compiler
from data_plane.config.rejection import Rejection
from data_plane.config.snapshot import SnapshotHolder


class Configuration:
    """`snapshots.current` is what was accepted last."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self.snapshots = SnapshotHolder(compiler.empty())

    @property
    def tls(self) -> TlsSettings:
        """What was accepted last says of TLS towards clients."""
        return self._compiler.tls

    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        """Take the changes, or say which resources are to blame that nothing has changed. Lets other work run."""
        compiling = self._compiler.compile(changed, removed, revision)
        while True:
            try:
                next(compiling)
            except StopIteration as end:
                compiled: Compiled = end.value
                break
            await asyncio.sleep(0)
        if compiled.snapshot is not None:
            self.snapshots.current = compiled.snapshot
        return compiled.rejections
