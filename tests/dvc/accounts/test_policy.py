"""The build fails when a URL has no line in the policy table, or a line has no URL."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from dvc.accounts.policy import POLICY


def _names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or f"unnamed: {pattern.pattern}"
        else:
            yield from _names(pattern)


def test_every_url_is_in_the_policy_table_and_every_line_has_a_url() -> None:
    assert sorted(set(_names(get_resolver()))) == sorted(POLICY)


def test_no_two_urls_share_a_name() -> None:
    names = list(_names(get_resolver()))
    assert len(names) == len(set(names))
