"""THE order of filters, outermost first, each with the reason why it stands there."""

from collections.abc import Iterable, Mapping

from data_plane.filters.address import AddressFilter, CallerAddressFilter
from data_plane.filters.address_rate import AddressRateFilter
from data_plane.filters.api_version import ApiVersionFilter, VersionNoticeFilter
from data_plane.filters.authenticate import AuthenticateFilter
from data_plane.filters.batch_file import BatchFileFilter
from data_plane.filters.client_address import ClientAddressFilter
from data_plane.filters.cors import CorsFilter, PreflightFilter
from data_plane.filters.cost import CostFilter
from data_plane.filters.cost_header import CostHeaderFilter
from data_plane.filters.count_tokens import CountTokensFilter
from data_plane.filters.form_model import FormModelFilter
from data_plane.filters.header import HeaderFilter
from data_plane.filters.inflate import InflateFilter
from data_plane.filters.kept import KeptFilter
from data_plane.filters.measure import MeasureFilter
from data_plane.filters.model import ModelFilter
from data_plane.filters.models_list import ModelsListFilter
from data_plane.filters.passthrough import PassthroughFilter, SignedPassthroughFilter
from data_plane.filters.record import RecordFilter
from data_plane.filters.redirect import RedirectFilter
from data_plane.filters.refuse import RefuseFilter
from data_plane.filters.respond import RespondFilter
from data_plane.filters.rewrite import RewriteFilter
from data_plane.filters.seal import SealFilter
from data_plane.filters.server_name import ServerNameFilter
from data_plane.filters.settle import SettleFilter
from data_plane.filters.shadow import ShadowFilter
from data_plane.filters.stream import StreamFilter
from data_plane.filters.timeout import TimeoutFilter
from data_plane.filters.unseal import UnsealFilter
from data_plane.filters.upgrade import UpgradeFilter
from data_plane.filters.upload import UploadFilter
from data_plane.filters.usage import UsageFilter
from data_plane.filters.validation import ValidationFilter
from data_plane.filters.watch import WatchFilter
from data_plane.pipeline.filter import Filter

ORDER: tuple[tuple[type[Filter], str], ...] = (
    (RecordFilter, "outermost, so that it ends last: whoever refuses, there is one record, with what the others found"),
    (MeasureFilter, "beside the record, so that refusals are counted too"),
    (CorsFilter, "outside all that refuses: the browser lets a page read refusals too"),
    (UsageFilter, "outside all that may change content: what is counted is what the upstream has sent"),
    (CostFilter, "beside the tokens: what is counted and recorded outside is what it finds"),
    (CostHeaderFilter, "beside the tokens too: it waits for the answer as the upstream has sent it"),
    (ServerNameFilter, "first of all that refuses: for another host, nothing of this connection counts"),
    (ClientAddressFilter, "before all that asks where a request comes from"),
    (AddressRateFilter, "before any other work: a flood of refusals costs no more than it must"),
    (AddressFilter, "before authentication, and before it is told what is served: strangers learn nothing"),
    (PreflightFilter, "before authentication: browsers send no credential with the question"),
    (RefuseFilter, "what nothing serves needs no authentication: who asks learns only that it is not there"),
    (WatchFilter, "before what may change the query: what is asked again later is what the client sent"),
    (AuthenticateFilter, "on the head, before a byte of the body is kept: a stranger may cause no work"),
    (CallerAddressFilter, "as soon as it is known who calls and for what: nothing else is done for a wrong place"),
    (RewriteFilter, "what decided by the client's path has done so; the rest reads what goes upstream"),
    (PassthroughFilter, "in the place of the rewrite, on the way to a provider"),
    (SignedPassthroughFilter, "as the other, but with the body, which a signature covers"),
    (ApiVersionFilter, "after the rewrite, which may name the version, and before policies, which may depend on it"),
    (ModelsListFilter, "knows what the caller may use"),
    (InflateFilter, "before all that reads the body, and after authentication: it is work"),
    (UnsealFilter, "before all that reads ids: these are the provider's from here on"),
    (KeptFilter, "in the place of the one that reads a model, where none is asked"),
    (UploadFilter, "the same for files, which are forms"),
    (ModelFilter, "reads the body, and fixes the model by which the rest of the plan is chosen"),
    (FormModelFilter, "in the place of the one that reads JSON"),
    (SettleFilter, "inside all that counts tokens or cost: what they find is what it has settled"),
    (SealFilter, "knows the provider that has answered, and is inside of nothing that reads ids"),
    (ShadowFilter, "first of what policies decide: it counts also what they then refuse"),
    (TimeoutFilter, "before anything that could wait"),
    (StreamFilter, "beside the time limits"),
    (ValidationFilter, "after all that is cheaper: it reads the whole body, and refuses what the upstream would"),
    (BatchFileFilter, "after what refuses more cheaply: it reads every line of a file"),
    (UpgradeFilter, "last of what refuses: it takes one of the places that a route has for connections"),
    (VersionNoticeFilter, "outside the headers that policies set: nobody takes the notice away"),
    (HeaderFilter, "innermost: nothing after it changes what goes out, and others see the upstream's headers changed"),
    (RedirectFilter, "in the upstream's place: policies apply as to any other answer"),
    (RespondFilter, "in the upstream's place too"),
    (CountTokensFilter, "in the upstream's place too: it is work, which policies may refuse"),
)
PLACES: Mapping[type[Filter], int] = {kind: place for place, (kind, _) in enumerate(ORDER)}


def in_order(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """The filters as they stand in a plan. Those that are equally placed stay as they are given."""
    return tuple(sorted(filters, key=lambda each: PLACES[type(each)]))
