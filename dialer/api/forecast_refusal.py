"""The refusal of a plan that cannot be done, with the least change that makes it possible."""

from __future__ import annotations

from dialer.api.forecast_answers import ProblemOfPlanOut
from dialer.api.problems import IMPOSSIBLE_PLAN, Problem
from dialer.runtime import Runtime
from dialer.states import CampaignState


async def require_possible(runtime: Runtime, campaign_id: str) -> None:
    """Raises Problem for a draft of which not everybody can be called once, even if all goes well."""
    campaign = await runtime.store.campaign(campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        return
    problems = await runtime.planning.problems(campaign)
    if not problems:
        return
    said = "; ".join(problem.detail for problem in problems)
    remedy = problems[0].remedy or "no change of its end, its windows or the budget alone makes it possible"
    told = [ProblemOfPlanOut.of(problem).model_dump(mode="json") for problem in problems]
    raise Problem(
        IMPOSSIBLE_PLAN, f"{said}: {remedy}. Or start it all the same, with `force`.", extra={"problems": told}
    )
