"""The effects of decisions, all inside the transaction they are handed (I3)."""
