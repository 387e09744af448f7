"""A Slack that lives here: the Web API, Socket Mode, people and a page, on loopback; and a judge with a log."""

from bot.demo.slack.answer import Answer
from bot.demo.slack.check import check_blocks, check_message, check_view
from bot.demo.slack.people import Channel, Person
from bot.demo.slack.problem import Problem
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.shown import File, Message, View
from bot.demo.slack.workspace import Workspace

__all__ = [
    "Answer",
    "Channel",
    "File",
    "LocalSlack",
    "Message",
    "Person",
    "Problem",
    "View",
    "Workspace",
    "check_blocks",
    "check_message",
    "check_view",
]
