"""Where and with which key an app is called."""

from bot.dify.client import Endpoint
from bot.errors import Refusal
from bot.rules.route import in_turn
from storage import apps
from storage.errors import CannotOpen
from storage.records import App
from storage.vault import Vault


def open_endpoints(vault: Vault, app: App) -> tuple[Endpoint, ...]:
    """One for each address, in the order in which they are asked. The key is opened just before it is used; a Refusal
    when it is lost or belongs to other addresses."""
    if app.sealed_key is not None:
        try:
            key = vault.open(app.sealed_key, apps.key_about(app))
            urls = in_turn(app.base_urls, app.routing, app.last_url)
            return tuple(Endpoint(base_url=url, key=key, mode=app.mode) for url in urls)
        except CannotOpen:
            pass
    raise Refusal(
        f"The key of the Dify app “{app.name}” cannot be opened.",
        "An admin gives it again with `/dify connect`.",
        code="needs_key",
    )


def open_endpoint(vault: Vault, app: App, base_url: str | None) -> Endpoint:
    """The one at this address; a Refusal also when the app has it no more."""
    for endpoint in open_endpoints(vault, app):
        if endpoint.base_url == base_url:
            return endpoint
    raise Refusal(
        f"The Dify app “{app.name}” is connected at other addresses now than when this run began.",
        "Look into Dify for what became of the run, then run it again.",
        code="no_address",
    )
