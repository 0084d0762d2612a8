"""nginx as the floor and as the upstream, each with one worker and without logs."""

import json

from benchmarks.requests import ANSWER, AUTHORIZATION
from benchmarks.site import Site
from scripts.tools import obtain

CONFIG = """
worker_processes 1; daemon off; error_log stderr crit; pid PLACE/pid; worker_rlimit_nofile 65535;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 16m;
  TEMPORARY
  CONTENT
}"""
UPSTREAM = """
  server { listen 127.0.0.1:PORT backlog=4096; default_type application/json;
    location / { return 200 'ANSWER'; }
  }"""
# Compares the key and relays, nothing more.
FLOOR = """
  map_hash_bucket_size 256;
  map $http_authorization $known { default 0; "AUTHORIZATION" 1; }
  upstream models { server 127.0.0.1:UPSTREAM; keepalive 1024; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:PORT backlog=4096;
    location / {
      if ($known = 0) { return 401; }
      proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }
  }"""


def upstream_command(site: Site) -> list[str]:
    """A model server that gives one answer of some 600 bytes as fast as it can."""
    return _command(site, UPSTREAM.replace("PORT", str(site.port)).replace("ANSWER", json.dumps(ANSWER)))


def floor_command(site: Site) -> list[str]:
    content = FLOOR.replace("AUTHORIZATION", AUTHORIZATION).replace("UPSTREAM", str(site.upstream))
    return _command(site, content.replace("PORT", str(site.port)))


def _command(site: Site, content: str) -> list[str]:
    place = site.folder
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
    text = CONFIG.replace("CONTENT", content).replace("TEMPORARY", temporary).replace("PLACE", str(place))
    (place / "nginx.conf").write_text(text)
    return [str(obtain("nginx")), "-p", str(place), "-e", "stderr", "-c", str(place / "nginx.conf")]
