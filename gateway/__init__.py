"""Relais: an email-first collaboration gateway. The kernel of types, the wiring, the command line, the pages."""
