"""Digests: what is due by the clock. Closes what people are owed into one mail each, and keeps the house tidy."""
