"""The Grafana dashboards as code: `python -m grafana.dashboards` writes `dialer.json` anew, which Grafana provisions.

What is shown stands in `charts.py`; here it is laid out. Ids and places follow from the order alone, so that the same
charts always make the same file.
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders import common as common_parts
from grafana_foundation_sdk.builders import dashboard as parts
from grafana_foundation_sdk.builders import prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard

from grafana.charts import CAMPAIGNS, CARRIER, FLEET, RECORDINGS, WEBHOOKS, Chart, Query
from grafana.customer_charts import CUSTOMERS

OUTPUT = Path(__file__).with_name("dialer.json")
_HEIGHT = 8
_SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
_STACKED = {"short", "cpm"}  # the units of counts: their sum means something, that of times does not
_LIMIT = "limit"

ROWS = {
    "Campaigns": (CAMPAIGNS, (12, 12, 12, 12, 8, 8, 8)),
    "Carrier and budget": (CARRIER, (9, 5, 5, 5, 8, 8, 8, 5, 5, 5, 5, 4)),
    "Webhooks": (WEBHOOKS, (8, 8, 8, 12, 12)),
    "Recordings": (RECORDINGS, (12, 12)),
    "Customers' systems": (CUSTOMERS, (6, 6, 6, 6)),
    "Fleet": (FLEET, (6, 6, 6, 6, 6, 6, 6, 6)),
}
"""Each row's charts and how many of the grid's 24 columns each takes."""


def dialer_dashboard() -> dashboard.Dashboard:
    """The dashboard "Dialer"; the order of the tables gives ids and places."""
    made = (
        parts.Dashboard("Dialer")
        .uid("dialer")
        .description(
            "Campaigns, the carrier and the budget of calls, webhooks, recordings, workers. Runbook: deploy/README.md."
        )
        .tags(["dialer"])
        .readonly()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .time("now-1h", "now")
        .refresh("15s")
        .variables([_data_source(), _instance()])
    )
    panel_id = 0
    for title, (charts, widths) in ROWS.items():
        made.with_row(parts.Row(title).id(panel_id := panel_id + 1))
        for chart, width in zip(charts, widths, strict=True):
            made.with_panel(_panel(chart).span(width).height(_HEIGHT).id(panel_id := panel_id + 1))
    return made.build()


def _data_source() -> parts.DatasourceVariable:
    return parts.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _instance() -> parts.QueryVariable:
    # Every process of ours shows this metric, API or worker.
    return (
        parts.QueryVariable("instance")
        .label("Instance")
        .description("Narrows what a process counts itself; the shared state is the same everywhere.")
        .datasource(_SOURCE)
        .query("label_values(dialer_build_info, instance)")
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _panel(chart: Chart) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .title(chart.title)
        .description(f"{chart.meaning}\n\n**If it looks wrong:** {chart.remedy}")
        .datasource(_SOURCE)
        .unit(chart.unit)
        .min(0)
        .fill_opacity(40 if chart.unit in _STACKED else 8)
        .show_points(common.VisibilityMode.NEVER)
        .legend(_legend())
        .tooltip(_tooltip())
        .targets([_target(query, chr(ord("A") + place)) for place, query in enumerate(chart.queries)])
    )
    if chart.unit in _STACKED:
        panel.stacking(common_parts.StackingConfig().mode(common.StackingMode.NORMAL))
    if any(query.legend.startswith(_LIMIT) for query in chart.queries):
        panel.override_by_regexp(f"/^{_LIMIT}/", _dashed_red())
    return panel


def _legend() -> common_parts.VizLegendOptions:
    options = common_parts.VizLegendOptions().show_legend(show_legend=True)
    return options.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _tooltip() -> common_parts.VizTooltipOptions:
    return common_parts.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def _target(query: Query, ref_id: str) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().datasource(_SOURCE).ref_id(ref_id).expr(query.expr)
    return asked.legend_format(query.legend).range()


def _dashed_red() -> list[dashboard.DynamicConfigValue]:
    return [
        dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": "red"}),
        dashboard.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 8]}),
        dashboard.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
    ]


def as_json(made: dashboard.Dashboard) -> str:
    """The dashboard as the text of its file."""
    return json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(as_json(dialer_dashboard()), "utf-8")
