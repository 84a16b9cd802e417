"""The pytest plugin: a fixture, options, and failing cases that are kept and tried first.

It imports nothing of the package until a test asks for the fixture.
"""

from __future__ import annotations

from typing import Any, Iterator

import pytest

_PROFILES = {"quick": 100, "default": 1000, "thorough": 10_000}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("loss_oracle", "searches for the worst input of a loss")
    group.addoption("--loss-oracle-seed", type=int, help="the seed of the cases")
    group.addoption("--loss-oracle-cases", type=int, help="the number of cases of each family")
    group.addoption(
        "--loss-oracle-profile",
        choices=sorted(_PROFILES),
        help="quick (100 cases of each family), default (1000) or thorough (10000)",
    )
    group.addoption("--loss-oracle-report", metavar="DIR", help="a folder for the reports")
    group.addoption(
        "--loss-oracle-update-bounds",
        action="store_true",
        help="write the errors found as the recorded bounds of the tests that have such",
    )
    parser.addini("loss_oracle_seed", "the seed of the cases")
    parser.addini("loss_oracle_cases", "the number of cases of each family")
    parser.addini("loss_oracle_profile", "quick, default or thorough")
    parser.addini("loss_oracle_report", "a folder for the reports")


@pytest.fixture
def loss_oracle(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The package's searches, with the seed, cases and report folder of this run.

    Failing cases are kept in .loss_oracle beside the configuration file, and tried first from then on.
    """
    from ._pytest_session import Session

    yield Session(request.node, request.config, _PROFILES)
