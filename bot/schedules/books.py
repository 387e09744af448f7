"""Which calendars count where none are handed over: the built-in ones."""

from bot.schedules.kind import Book


def known_book(book: Book | None) -> Book:
    """The book itself; for None the built-in calendars, which are loaded only when a schedule needs them."""
    if book is not None:
        return book
    from bot.schedules.calendars import BUILT_IN

    return BUILT_IN
