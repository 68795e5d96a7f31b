"""RELAIS__SECTION__KEY: what is wrong with the names and lists of the environment, before the values are read.

Used by gateway.settings. The library that reads the variables passes over names it does not know, and ends at the first
list it cannot read without saying in which variable.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping

PREFIX = "RELAIS__"


def mistakes(sections: Mapping[str, Mapping[str, bool]], tables: Collection[str]) -> list[tuple[str, str]]:
    """What is wrong, by variable. `sections` has for every key whether it is a list; `tables` are lists of tables."""
    found = []
    for name, value in sorted(os.environ.items()):
        if name.upper().startswith(PREFIX) and (text := _mistake(name, value, sections, tables)):
            found.append((name, text))
    return found


def _mistake(name: str, value: str, sections: Mapping[str, Mapping[str, bool]], tables: Collection[str]) -> str:
    section, *key = name[len(PREFIX) :].lower().split("__")
    if section in tables and not key:
        return "" if isinstance(_read(value), list) else "must be a list of objects in JSON"
    if section not in sections or len(key) > 1:
        return "no such setting"
    if not key:
        return "" if isinstance(_read(value), dict) else f"must be an object in JSON; set {name}__KEY instead"
    if key[0] not in sections[section]:
        return "no such setting"
    if sections[section][key[0]] and not isinstance(_read(value), list):
        return 'must be a list in JSON, such as ["one", "two"]'
    return ""


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
