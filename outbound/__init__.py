"""Outbound: everything that leaves, from intent to the relay's answer."""
