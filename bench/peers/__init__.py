"""The bench: our server beside its peers, case by case, round by round."""
