"""What goes wrong around a bot, on demand: faults, lost sockets, archived channels, removals, revoked tokens."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.demo.slack.deeds import Deeds
from bot.demo.slack.faults import Faults
from bot.demo.slack.pace import Pace
from bot.demo.slack.people import BOT_USER, Channel
from bot.demo.slack.sockets import Sockets
from bot.demo.slack.webapi import WebApi


class Upheavals(Deeds):
    """Deeds of an administrator, and of bad luck."""

    limiter: Pace
    faults: Faults
    sockets: Sockets
    web_api: WebApi

    def fail(
        self,
        method: str,
        *,
        error: str | int = "internal_error",
        times: int = 1,
        channel: str | None = None,
        retry_after_s: int = 1,
        delay_s: float = 0.0,
    ) -> None:
        """The next `times` calls of `method` ("*" = any, "response_url" too) meet `error`.

        `error` is an error name of Slack, "429", an HTTP status ("503"), "timeout_after_accept" (done, never
        answered), "drop" (not done, connection broken), "drop_after_accept", or "" to only come late by `delay_s`.
        """
        self.faults.order(
            method, str(error), times=times, channel=channel, retry_after_s=retry_after_s, delay_s=delay_s
        )

    def hold(self, method: str, *, error: str = "", times: int = 1, channel: str | None = None) -> None:
        """The next `times` calls of `method` wait until `release`, and meet `error` then."""
        self.faults.order(method, error, times=times, channel=channel, is_held=True)

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ends all Socket Mode connections; reason warning only announces, drop says nothing."""
        await self.sockets.disconnect(reason)

    def archive(self, channel: str, *, by: str = "U0ANA") -> None:
        """Archives a channel and tells the app."""
        found = self._need(channel)
        found.is_archived = True
        self.workspace.touch()
        self.workspace.emit("channel_archive", channel=found.id, user=by, is_moved=0)

    def unarchive(self, channel: str) -> None:
        """Opens an archived channel again."""
        self._need(channel).is_archived = False
        self.workspace.touch()

    def delete_channel(self, channel: str) -> None:
        """Deletes a channel with all that was said in it, and tells the app."""
        found = self._need(channel)
        del self.workspace.channels[found.id]
        self.workspace.messages.pop(found.id, None)
        self.workspace.touch()
        self.workspace.emit("channel_deleted", channel=found.id)

    def remove_bot(self, channel: str) -> None:
        """Removes the bot from a channel and tells the app."""
        self._move_member(self._need(channel), "/remove", BOT_USER)

    def invite_bot(self, channel: str) -> None:
        """Invites the bot into a channel."""
        self._move_member(self._need(channel), "/invite", BOT_USER)

    def deactivate(self, user: str) -> None:
        """Deactivates a person, as when somebody leaves the company."""
        self.workspace.people[user].deleted = True
        for channel in self.workspace.channels.values():
            channel.members.discard(user)
        self.workspace.touch()

    def revoke_tokens(self) -> None:
        """Makes the bot token void; the app hears tokens_revoked."""
        self.web_api.revoked = True
        self.workspace.emit("tokens_revoked", tokens={"bot": [BOT_USER]})

    def restore_tokens(self) -> None:
        """Makes the same token valid again, as after a new installation."""
        self.web_api.revoked = False

    def uninstall(self) -> None:
        """Uninstalls the app: the token is void, the app hears app_uninstalled and tokens_revoked."""
        self.workspace.emit("app_uninstalled")
        self.revoke_tokens()

    def set_limits(self, *, enabled: bool = True, scale: float = 1.0) -> None:
        """Switches the rate limits on or off, or multiplies them."""
        self.limiter.enabled, self.limiter.scale = enabled, scale

    async def control(self, order: dict[str, Any]) -> None:
        """One order of POST /control: {"do": name of a method above, …its arguments}. Raises ValueError."""
        args = dict(order)
        name = str(args.pop("do", ""))
        deed = self._orders().get(name)
        if deed is None:
            raise ValueError(f"unknown order {name!r}; there are: {', '.join(self._orders())}")
        try:
            done = deed(**args)
        except TypeError as error:
            raise ValueError(str(error)) from None
        if done is not None:
            await done

    def _orders(self) -> dict[str, Callable[..., Awaitable[None] | None]]:
        return {
            "fail": self.fail,
            "hold": self.hold,
            "release": self.faults.release,
            "clear_faults": self.faults.clear,
            "disconnect_sockets": self.disconnect_sockets,
            "archive": self.archive,
            "unarchive": self.unarchive,
            "delete_channel": self.delete_channel,
            "remove_bot": self.remove_bot,
            "invite_bot": self.invite_bot,
            "deactivate": self.deactivate,
            "revoke_tokens": self.revoke_tokens,
            "restore_tokens": self.restore_tokens,
            "uninstall": self.uninstall,
            "set_limits": self.set_limits,
        }

    def _need(self, channel: str) -> Channel:
        found = self.workspace.find_channel(channel)
        if found is None:
            raise ValueError(f"no channel {channel!r}; there are: {', '.join(self.workspace.channels)}")
        return found
