"""`dify-ops` and `python -m bot`."""

from bot.cli import run_command_line


def main() -> None:
    """The console script."""
    run_command_line()


if __name__ == "__main__":
    main()
