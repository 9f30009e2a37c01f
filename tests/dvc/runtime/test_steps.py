"""The models between two steps of an upgrade are the ones that Django would have made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from dvc.runtime.steps import KnownModels


def _walked(state: ProjectState) -> ProjectState:
    """Houses; people who live in them, and who may have a friend; an index and two constraints."""
    number = models.BigAutoField(primary_key=True)
    state.add_model(
        ModelState("town", "House", [("id", number), ("address", models.CharField(max_length=9))])
    )
    _ = state.apps  # from here on they are made as they come
    house = models.ForeignKey("town.House", models.CASCADE, related_name="people")
    friend = models.ForeignKey("self", models.CASCADE, null=True)
    state.add_model(ModelState("town", "Person", [("id", number), ("house", house), ("friend", friend)]))
    state.add_index("town", "person", models.Index(fields=["house", "friend"], name="who"))
    state.add_constraint("town", "house", models.UniqueConstraint(fields=["address"], name="one"))
    state.add_constraint("town", "person", models.CheckConstraint(condition=models.Q(pk__gt=0), name="some"))
    return state


def _told(state: ProjectState) -> dict[str, Any]:
    return {
        model._meta.label: (
            [(field.name, str(field.related_model)) for field in model._meta.get_fields()],
            [index.deconstruct() for index in model._meta.indexes],
            [constraint.deconstruct() for constraint in model._meta.constraints],
        )
        for model in state.apps.get_models()
    }


@pytest.mark.parametrize("again", [False, True])
def test_models_made_one_by_one_are_those_that_django_makes_all_anew(again: bool) -> None:
    ours, theirs = _walked(KnownModels()), _walked(ProjectState())
    if again:
        ours, theirs = ours.clone(), theirs.clone()
    assert _told(ours) == _told(theirs)
    assert {name for name, _ in _told(ours)["town.House"][0]} == {"id", "address", "people"}
    assert type(ours) is KnownModels
