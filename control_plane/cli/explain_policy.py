"""`isthmus explain-policy`: what is in force for a request, and what lost, and why."""

import click

from control_plane.cli.client import Client
from control_plane.cli.invocation import FORMS, call, output_option, tenant_option
from control_plane.cli.output import print_document, print_table


@click.command()
@click.option("-r", "--route", default="", help="The Route that the request comes through.")
@click.option("-m", "--model", default="", help="The Model that it asks for.")
@click.option("--version", default="", help="The version of the Model, or of the Service's API.")
@click.option("-s", "--service", default="", help="The Service that it goes to. [default: the Route's]")
@click.option("-a", "--application", default="", help="The Application that sends it.")
@click.option("--credential", default="", help="The Credential that proves it; it stands for its Application.")
@click.option("-g", "--gateway", default="", help="The Gateway that serves it.")
@output_option(*FORMS)
@tenant_option
def explain_policy(output: str, tenant: str, **parts: str) -> None:
    """Explain which policies are in force.

    Names the parts of a request by their resources' names; those of an Application's Team and of the Tenant count
    without being named. Shows every policy that reaches the request: whether it is in force, or which one won over it
    and why.
    """

    async def run(client: Client) -> None:
        query = {"tenant": tenant, **{name: value for name, value in parts.items() if value}}
        if "version" in query and query.keys().isdisjoint(("model", "service", "route")):
            raise click.UsageError("--version goes with --model, --service or --route")
        answer = await client.request("GET", "/v1/explain-policy", query=query)
        if output != "table":
            print_document(answer, output)
            return
        if not answer["items"]:
            click.echo("no policy reaches this request", err=True)
            return
        rows = (
            (item["kind"], item["policy"], item["through"], _effect(item["effective"], item["lostTo"]), item["reason"])
            for item in answer["items"]
        )
        print_table(("KIND", "POLICY", "THROUGH", "EFFECT", "WHY"), rows)

    call(run)


def _effect(is_effective: bool, lost_to: str | None) -> str:
    if is_effective:
        return "in force"
    return f"lost to {lost_to}" if lost_to else "not in force"
