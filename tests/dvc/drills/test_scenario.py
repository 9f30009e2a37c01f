"""The script itself: right in number, the same every time, nobody real."""

from __future__ import annotations

from dvc.drills.scenario import sample
from intake.help_requests.models import Hazard, Tool
from intake.volunteers.models import Skill, WorkCategory


def test_the_sample_has_sixty_people_and_twenty_five_calls() -> None:
    scenario = sample()
    assert (len(scenario.players), len(scenario.calls)) == (60, 25)
    assert {step.which for step in scenario.steps if step.kind == "arrive"} == set(range(60))
    assert {step.which for step in scenario.steps if step.kind == "call"} == set(range(25))


def test_the_same_seed_gives_the_same_drill_and_another_seed_another() -> None:
    assert sample(7) == sample(7)
    assert sample(7) != sample(8)


def test_guardians_arrive_before_their_wards() -> None:
    when = {step.which: step.minute for step in sample().steps if step.kind == "arrive"}
    for index, player in enumerate(sample().players):
        if player.guardian >= 0:
            assert when[player.guardian] < when[index]


def test_the_script_uses_only_codes_the_forms_know() -> None:
    for call in sample().calls:
        assert call.work.category in WorkCategory.values
        assert set(call.work.tools) <= set(Tool.values)
        assert set(call.work.skills) <= set(Skill.values)
        assert set(call.hazards) <= set(Hazard.values)
    for player in sample().players:
        assert set(player.skills) <= set(Skill.values)


def test_nobody_has_a_number_that_could_ring() -> None:
    """House numbers start with 99; there are no such blocks in these towns (domain.md §2.12)."""
    assert all(call.house.startswith("99-") for call in sample().calls)
