"""The filters that a route has of its own when it leads to a Service, elsewhere, or to an answer that is there."""

from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import partial

from data_plane.codecs.query_fields import encode_field, joined, without
from data_plane.config import structs
from data_plane.config.decoding import seconds_of
from data_plane.config.passthrough import native_filter
from data_plane.config.route_unit import CompiledMatch, CompiledRoute
from data_plane.config.units import CompiledService
from data_plane.errors import Fields
from data_plane.exchange import UpgradeTerms
from data_plane.filters.api_version import ApiVersionFilter, ByHeader, ByPath, ByQuery, VersionNoticeFilter, Versions
from data_plane.filters.redirect import Location, RedirectFilter
from data_plane.filters.respond import RespondFilter
from data_plane.filters.rewrite import RewriteFilter
from data_plane.filters.upgrade import UpgradeFilter, UpgradeRule
from data_plane.origins import Origins
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.sides import Dispatcher
from data_plane.upstream.cluster import ServiceTarget

Change = Callable[[bytes], bytes]


def entry_filters(route: CompiledRoute, match: CompiledMatch) -> list[Filter]:
    """What has its turn once it is known who calls: the path and query that go upstream, and the API's version."""
    if route.provider is not None:
        return [native_filter(route.provider, match)]
    filters: list[Filter] = []
    rewrite, service = route.rewrite, route.service
    if rewrite is not None and (rewrite.path is not None or rewrite.query is not None):
        path = path_change(rewrite.path, match) if rewrite.path is not None else None
        filters.append(RewriteFilter(path, query_change(rewrite.query) if rewrite.query is not None else None))
    if service is not None and service.versioning is not None:
        filters.append(_api_version(service, service.versioning))
    return filters


def last_filters(route: CompiledRoute, match: CompiledMatch, version: str) -> list[Filter]:
    """What stands after all policies."""
    if route.redirect is not None:
        return [_redirect(route.redirect, match)]
    if route.respond is not None:
        return [_respond(route.respond)]
    service = route.service
    if service is None or service.versioning is None:
        return []
    versioning = service.versioning
    vary = (versioning.name or "").encode() if versioning.by == "Header" else b""
    notices = _notices(next(each for each in service.versions if each.name == version))
    return [VersionNoticeFilter(notices, vary)] if notices or vary else []


def upgrade_filter(route: CompiledRoute, open_tunnels: dict[str, int]) -> Filter:
    """Of a route that has `upgrades`."""
    rules = {}
    for each in route.upgrades:
        protocol = each.protocol.encode()
        terms = UpgradeTerms(protocol, each.idle_seconds, each.total_seconds, each.max_bytes)
        rules[protocol] = UpgradeRule(terms, Origins(each.origins), each.max_connections)
    return UpgradeFilter(route.full_name, rules, open_tunnels)


def dispatchers(route: CompiledRoute, for_service: Callable[[ServiceTarget], Dispatcher]) -> dict[str, Dispatcher]:
    """The ways to the Service's versions, by name; one without name if it has none."""
    service, rewrite = route.service, route.rewrite
    if service is None:
        return {}
    targets = service.targets if service.versioning is not None else (("", service.target),)
    if rewrite is not None and rewrite.hostname is not None:
        host = rewrite.hostname.encode()
        targets = tuple((version, replace(target, host=host)) for version, target in targets)
    return {version: for_service(target) for version, target in targets}


def path_change(rewrite: structs.PathRewrite, match: CompiledMatch) -> Change:
    """From a canonical path to a canonical path, which no escape of the client's leads out of `value`."""
    value = rewrite.value.encode()
    match rewrite.type:
        case "ReplaceFull":
            return partial(_replace, value)
        case "ReplacePrefix":
            return partial(_replace_prefix, value, len(match.path))
        case "Template":
            places = {segment: place for place, segment in enumerate(match.path.split(b"/"))}
            return partial(_fill_in, tuple(places.get(each, each) for each in value.split(b"/")))


def _replace(value: bytes, path: bytes) -> bytes:
    return value


def _replace_prefix(value: bytes, below: int, path: bytes) -> bytes:
    rest = path[below:]  # empty, or from a slash on
    return value.rstrip(b"/") + rest if rest else value


def _fill_in(parts: tuple[bytes | int, ...], path: bytes) -> bytes:
    segments = path.split(b"/")
    return b"/".join([segments[part] if isinstance(part, int) else part for part in parts])


def query_change(changes: structs.QueryChanges) -> Change:
    """What is named goes or comes; the rest stays byte for byte."""
    dropped = frozenset(name.encode() for name in (*(each.name for each in changes.set), *changes.remove))
    fields = b"&".join([encode_field(each.name, each.value) for each in (*changes.set, *changes.add)])
    return partial(_change_query, dropped, fields)


def _change_query(dropped: frozenset[bytes], fields: bytes, query: bytes) -> bytes:
    return joined(without(query, dropped) if dropped else query, fields)


def _redirect(redirect: structs.Redirect, match: CompiledMatch) -> Filter:
    location = Location(
        (redirect.scheme or "").encode(),
        (redirect.hostname or "").encode(),
        str(redirect.port or "").encode(),
        path_change(redirect.path, match) if redirect.path is not None else None,
        redirect.query == "Keep",
    )
    return RedirectFilter(redirect.status_code, location)


def _respond(answer: structs.StaticAnswer) -> Filter:
    headers = tuple((each.name.encode(), each.value.encode()) for each in answer.headers)
    if answer.body:
        headers = ((b"content-type", answer.content_type.encode()), *headers)
    return RespondFilter(answer.status, headers, answer.body.encode())


def _api_version(service: CompiledService, versioning: structs.Versioning) -> Filter:
    versions = Versions(
        tuple(each.name for each in service.versions if each.stage != "Retired"),
        tuple(each.name for each in service.versions if each.stage == "Retired"),
        versioning.default or "",
        versioning.on_unknown == "Default",
        versioning.forward == "Strip",
    )
    name = (versioning.name or "").encode()
    match versioning.by:
        case "Path":
            return ApiVersionFilter(ByPath(versions, versioning.prefix.encode()), _retired(service, ()))
        case "Header":
            return ApiVersionFilter(ByHeader(versions, name), _retired(service, ((b"vary", name),)))
        case "Query":
            return ApiVersionFilter(ByQuery(versions, name), _retired(service, ()))


def _retired(service: CompiledService, vary: Fields) -> dict[str, tuple[str, Fields]]:
    """What those are told that ask for a version which is no longer served."""
    told = {}
    for each in service.versions:
        if each.stage == "Retired":
            successor = f"; use version '{each.successor}'" if each.successor is not None else ""
            told[each.name] = (
                f"version '{each.name}' of the API is no longer served{successor}",
                _notices(each) + vary,
            )
    return told


def _notices(version: structs.ServiceVersion) -> Fields:
    """Source: RFC 9745 2, RFC 8594 3."""
    fields = []
    if version.deprecated_at is not None:
        fields.append((b"deprecation", b"@%d" % seconds_of(version.deprecated_at)))
    if version.sunset_at is not None:
        fields.append((b"sunset", formatdate(seconds_of(version.sunset_at), usegmt=True).encode()))
    fields += [(b"link", f'<{each.href}>; rel="{each.rel}"'.encode()) for each in version.links]
    return tuple(fields)
