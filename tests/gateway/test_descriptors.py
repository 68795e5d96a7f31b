"""What the settings allow fits into what the system allows, or nothing starts."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import descriptors
from gateway.app import ALL_ROLES
from gateway.core.errors import ConfigurationError
from gateway.roles import Role
from gateway.settings import Settings, Smtp, Web
from tests.gateway.console import Console

ROOT = Path(__file__).parents[2]


def test_the_settings_as_shipped_need_no_more_than_4096() -> None:
    descriptors.require(Settings(), ALL_ROLES, 4096)
    with pytest.raises(ConfigurationError) as caught:
        descriptors.require(Settings(), ALL_ROLES, 1024)
    ((key, text),) = caught.value.mistakes
    assert key == "smtp.connections"
    assert "1024 are allowed" in text and "LimitNOFILE" in text and "web.connections" in text


def test_only_what_this_node_does_counts() -> None:
    greedy = Settings(smtp=Smtp(connections=10_000), web=Web(connections=300))
    descriptors.require(greedy, (Role.WORKER, Role.SENDER, Role.WEB), 1024)
    descriptors.require(greedy, ALL_ROLES, resource.RLIM_INFINITY)
    with pytest.raises(ConfigurationError, match=r"web\.connections: .*300 are allowed"):
        descriptors.require(greedy, (Role.WEB,), 300)
    descriptors.require(Settings(web=Web(listen="")), (Role.WEB,), 300)


def test_the_limit_is_raised_as_far_as_the_system_lets_us() -> None:
    program = """
import resource
from gateway import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2000))
print(descriptors.raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["2000", "2000", "2000"]


def test_a_limit_that_is_too_small_is_78(relais: Console) -> None:
    relais.config.write_text(relais.config.read_text().replace('[smtp]\nlisten = ""', '[smtp]\nlisten = "127.0.0.1:0"'))
    program = f"""
import resource
from gateway.cli import app
resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
app(["--config", {str(relais.config)!r}, "serve"])
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 78
    assert ended.stderr.startswith("smtp.connections: ") and "512 are allowed" in ended.stderr
