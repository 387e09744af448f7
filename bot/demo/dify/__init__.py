"""A Dify that lives here, on loopback; used by the demo and by the tests alike."""

from bot.demo.dify.mischief import Mischief
from bot.demo.dify.run import DemoRun
from bot.demo.dify.server import LocalDify
from bot.demo.dify.world import WORLD, DemoApp

__all__ = ["WORLD", "DemoApp", "DemoRun", "LocalDify", "Mischief"]
