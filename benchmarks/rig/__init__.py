"""What stands around the measured process: stand-ins, stock peers, children, clocks and tables."""
