"""What the core stands on and anybody may read on its own: errors, intervals, kinds of number."""
