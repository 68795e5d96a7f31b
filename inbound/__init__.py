"""Inbound: decides what a mail means, and does it."""
