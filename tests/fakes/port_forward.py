"""Stands in for `kubectl port-forward`, which needs a connection into a pod that the tests' API does not offer.

Usage: python port_forward.py KUBECTL [-n NAMESPACE] port-forward service/NAME LOCAL:REMOTE
"""

import argparse
import asyncio
import json
import subprocess
import sys

from tests.fakes.cluster_network import PRIVILEGED_OFFSET, pipe


async def main() -> None:
    """Forward connections to the Service until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kubectl")
    parser.add_argument("-n", "--namespace", default="default")
    parser.add_argument("verb", choices=["port-forward"])
    parser.add_argument("target")
    parser.add_argument("ports")
    given = parser.parse_args()
    local, _, remote = given.ports.rpartition(":")
    argv = [given.kubectl, "-n", given.namespace, "get", given.target, "-o", "json"]
    found = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=30).stdout)
    address = found["spec"]["clusterIP"]
    if int(remote) not in [port["port"] for port in found["spec"]["ports"]]:
        sys.exit(f"error: Service {given.target} does not have a service port {remote}")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in (int(remote), int(remote) + PRIVILEGED_OFFSET):
            try:
                inner_reader, inner_writer = await asyncio.open_connection(address, port)
            except ConnectionRefusedError:
                continue
            return await pipe((reader, writer), (inner_reader, inner_writer))
        return writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", int(local or remote))
    sys.stdout.write(f"Forwarding from 127.0.0.1:{local or remote} -> {remote}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
