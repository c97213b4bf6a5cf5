"""The tables of states: complete, with ends that are ends."""

from __future__ import annotations

from dialer.states import CALL_STEPS, CAMPAIGN_STEPS, CallState, CampaignState

CAMPAIGN_ENDS = {CampaignState.COMPLETED, CampaignState.CANCELLED}


def reach(start: CallState) -> set[CallState]:
    """All states that a call can come to."""
    found, left = {start}, [start]
    while left:
        new = CALL_STEPS[left.pop()] - found
        found |= new
        left += new
    return found


def test_every_state_of_a_call_has_its_row() -> None:
    """The table names each state, and steps lead to other states."""
    assert set(CallState) == CALL_STEPS.keys()
    assert all(state not in steps for state, steps in CALL_STEPS.items())


def test_done_is_left_for_the_line_only() -> None:
    """Who is done may be called again (a member of a conference), and that goes through the line like any call."""
    assert frozenset({CallState.WAITING}) == CALL_STEPS[CallState.DONE]


def test_every_call_can_end() -> None:
    """From every state a call can come to its end, and from the first one to every state."""
    assert all(CallState.DONE in reach(state) for state in CallState)
    assert set(CallState) == reach(CallState.WAITING)


def test_the_request_leaves_from_one_state_only() -> None:
    """Only a claimed call is placed: what may ring already never leads to another request without going in line."""
    assert [CallState.CLAIMED] == [state for state, steps in CALL_STEPS.items() if CallState.PLACING in steps]
    assert [CallState.WAITING] == [state for state, steps in CALL_STEPS.items() if CallState.CLAIMED in steps]


def test_no_step_leads_out_of_a_campaigns_end() -> None:
    """Completed and cancelled campaigns take no step."""
    assert not any(sources & CAMPAIGN_ENDS for sources, _ in CAMPAIGN_STEPS.values())


def test_completed_is_not_a_step_anybody_takes() -> None:
    """Only the last call's end completes a campaign."""
    assert CampaignState.COMPLETED not in {target for _, target in CAMPAIGN_STEPS.values()}


def test_steps_lead_somewhere_else() -> None:
    """No verb leads from a state to itself."""
    assert all(target not in sources for sources, target in CAMPAIGN_STEPS.values())


def test_the_words_are_stored_data() -> None:
    """States and steps keep their names for ever: they stand in stores, in replies and in programs of others."""
    assert ["draft", "running", "paused", "completed", "cancelled"] == [state.value for state in CampaignState]
    assert ["waiting", "claimed", "placing", "unknown", "live", "done"] == [state.value for state in CallState]
    assert ["start", "pause", "resume", "cancel"] == list(CAMPAIGN_STEPS)
