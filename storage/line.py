"""The lines in which writes wait: whose turn comes first."""

from enum import Enum, auto


class Line(Enum):
    """PEOPLE: what somebody waits for; it goes first where there is one writer. BULK: herds, starts and ends of runs;
    it has some of the connections to a server, and never all.
    LEASES: bulk that must not wait for a connection to a server, or a run in good health is taken for an orphan."""

    PEOPLE = auto()
    BULK = auto()
    LEASES = auto()
