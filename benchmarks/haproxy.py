"""HAProxy with one thread: compares the key and relays, without logs."""

from benchmarks.requests import AUTHORIZATION
from benchmarks.site import Site
from scripts.tools import obtain

CONFIG = """
global
  nbthread 1
  maxconn 10500
  no strict-limits
defaults
  mode http
  timeout connect 5s
  timeout client 3600s
  timeout server 3600s
  timeout http-keep-alive 3600s
  option http-no-delay
frontend clients
  bind 127.0.0.1:PORT LISTENER
  http-request deny deny_status 401 unless { req.hdr(authorization) -m str "AUTHORIZATION" }
  default_backend models
backend models
  http-reuse always
  server upstream 127.0.0.1:UPSTREAM pool-max-conn -1 SERVER
"""


def command(site: Site) -> list[str]:
    verified = f"ssl verify required verifyhost localhost sni str(localhost) ca-file {site.certificates.authority}"
    parts = {
        "LISTENER": f"ssl crt {site.certificates.combined}" if site.tls_in else "",
        "SERVER": verified if site.tls_up else "",
        "AUTHORIZATION": AUTHORIZATION,
        "UPSTREAM": str(site.upstream),
        "PORT": str(site.port),
    }
    text = CONFIG
    for name, part in parts.items():
        text = text.replace(name, part)
    config = site.folder / "haproxy.cfg"
    config.write_text(text)
    return [str(obtain("haproxy")), "-db", "-f", str(config)]
