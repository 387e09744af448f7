"""What the Chinese and Japanese grammars share: scanning, numerals, times of day, what becomes of the parts."""
