"""Measurements: ours beside a peer or a limit in one run. `python -m benchmarks` tells what there is."""
