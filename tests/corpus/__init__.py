"""Mails as their programs write them, each with what must be understood of it."""
