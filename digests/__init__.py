"""Digests: collects what a member has not yet seen, and keeps the clock of the house."""
