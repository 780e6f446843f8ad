"""The kinds of runs that cases are made of."""
