"""Where and with which key an app is called."""

from bot.dify.client import Endpoint
from bot.errors import Refusal
from storage import apps
from storage.errors import CannotOpen
from storage.records import App
from storage.vault import Vault


def open_endpoint(vault: Vault, app: App) -> Endpoint:
    """The key is opened just before it is used; a Refusal when it is lost or belongs to another address."""
    if app.sealed_key is not None:
        try:
            return Endpoint(base_url=app.base_url, key=vault.open(app.sealed_key, apps.key_about(app)), mode=app.mode)
        except CannotOpen:
            pass
    raise Refusal(
        f"The key of the Dify app “{app.name}” cannot be opened.",
        "An admin gives it again with `/dify connect`.",
        code="needs_key",
    )
