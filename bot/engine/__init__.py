"""Who wakes the loops. One port, no truth inside."""
