"""nginx: as the floor, as the upstream, and with a gateway's work in Lua; each with one worker and without logs."""

import json

from benchmarks.requests import ANSWER, API_KEY, AUTHORIZATION, MODEL
from benchmarks.site import Site
from scripts.tools import TOOLS, obtain

CONFIG = """
worker_processes 1; daemon off; error_log stderr crit; pid PLACE/pid; worker_rlimit_nofile 20000;
MODULES
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 16m;
  TEMPORARY
  CONTENT
}"""
UPSTREAM = """
  server { LISTEN default_type application/json;
    location / { return 200 'ANSWER'; }
  }"""
# Compares the key and relays, nothing more. Chat requests are held as any gateway must that reads the model of the
# body; others are passed on as they come, which is the cheaper way for large ones.
FLOOR = """
  map_hash_bucket_size 256;
  map $http_authorization $known { default 0; "Bearer KEY" 1; }
  POOL
  server { LISTEN
    client_body_buffer_size 2m;
    location /v1/ {
      if ($known = 0) { return 401; }
      RELAY
    }
    location / {
      if ($known = 0) { return 401; }
      RELAY proxy_request_buffering off; client_body_buffer_size 128k;
    }
  }"""
# What gateways made of nginx and Lua do: look the key up, read the model of the body, choose the upstream by it, take
# the usage out of the answer, and count.
LUA = """
  client_body_buffer_size 2m; lua_shared_dict counters 1m;
  lua_package_path "SHARE/?.lua;;"; lua_package_cpath "LIBRARIES/?.so;;";
  init_by_lua_block {
    cjson = require "cjson.safe"
    keys = { ["KEY"] = { application = "tester" } }
    models = { ["MODEL"] = "models" }
  }
  POOL
  server { LISTEN
    location / {
      set $target models;
      access_by_lua_block {
        local given = ngx.req.get_headers()["authorization"] or ""
        local caller = keys[given:sub(8)]
        if not caller then return ngx.exit(401) end
        ngx.ctx.caller = caller
        if ngx.var.uri:sub(1, 4) ~= "/v1/" then return end
        ngx.req.read_body()
        local body = cjson.decode(ngx.req.get_body_data() or "")
        if not body then return ngx.exit(400) end
        local target = models[body.model]
        if not target then return ngx.exit(404) end
        ngx.var.target = target
        ngx.ctx.model, ngx.ctx.stream = body.model, body.stream
      }
      body_filter_by_lua_block {
        if ngx.ctx.model and not ngx.ctx.stream then
          local kept = ngx.ctx.kept or {}
          ngx.ctx.kept = kept
          kept[#kept + 1] = ngx.arg[1]
        end
      }
      log_by_lua_block {
        local counters = ngx.shared.counters
        counters:incr("requests", 1, 0)
        if ngx.ctx.kept then
          local answer = cjson.decode(table.concat(ngx.ctx.kept))
          if answer and answer.usage then counters:incr("tokens", answer.usage.total_tokens, 0) end
        end
      }
      RELAY proxy_request_buffering off;
    }
  }"""
PROTOCOLS = "ssl_protocols TLSv1.2 TLSv1.3"  # as the other systems do
LUA_MODULES = ("ndk_http_module", "ngx_http_lua_module")


def upstream_command(site: Site) -> list[str]:
    """A model server that gives one answer of some 600 bytes as fast as it can."""
    return _command(site, UPSTREAM.replace("ANSWER", json.dumps(ANSWER)))


def floor_command(site: Site) -> list[str]:
    return _command(site, FLOOR.replace("RELAY", _relay(site, "models")))


def lua_command(site: Site) -> list[str]:
    program = str(obtain("nginx-lua"))
    libraries = TOOLS / "nginx-lua.unpacked" / "usr"
    (paths,) = libraries.glob("lib/*/lua/5.1")
    content = LUA.replace("SHARE", f"{libraries}/share/lua/5.1").replace("LIBRARIES", str(paths))
    modules = " ".join(f"load_module {libraries}/lib/nginx/modules/{name}.so;" for name in LUA_MODULES)
    content = content.replace('"MODEL"', f'"{MODEL}"').replace("RELAY", _relay(site, "$target"))
    return _command(site, content, program, modules)


def _relay(site: Site, target: str) -> str:
    verified = (
        f"proxy_{PROTOCOLS}; proxy_ssl_name localhost;"
        f" proxy_ssl_verify on; proxy_ssl_trusted_certificate {site.certificates.authority};"
    )
    return (
        f"proxy_pass {'https' if site.tls_up else 'http'}://{target}; proxy_http_version 1.1;"
        f' proxy_set_header Connection ""; proxy_buffering off; {verified if site.tls_up else ""}'
    )


def _command(site: Site, content: str, program: str = "", modules: str = "") -> list[str]:
    place = site.folder
    pool = f"upstream models {{ server 127.0.0.1:{site.upstream}; keepalive 1024; keepalive_requests 1000000000; }}"
    certificate = (
        f"ssl_certificate {site.certificates.certificate}; ssl_certificate_key {site.certificates.key}; {PROTOCOLS};"
    )
    listen = f"listen 127.0.0.1:{site.port} {'ssl' if site.tls_in else ''} backlog=4096;"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    parts = {
        "CONTENT": content,
        "MODULES": modules,
        "TEMPORARY": " ".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds),
        "POOL": pool,
        "LISTEN": f"{listen} {certificate if site.tls_in else ''}",
        "Bearer KEY": AUTHORIZATION,
        '"KEY"': f'"{API_KEY}"',
        "PLACE": str(place),
    }
    text = CONFIG
    for name, part in parts.items():
        text = text.replace(name, part)
    (place / "nginx.conf").write_text(text)
    return [program or str(obtain("nginx")), "-p", str(place), "-e", "stderr", "-c", str(place / "nginx.conf")]
