"""How each kind of panel is drawn: the one place that knows Grafana's panel types and their options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import common as common_parts
from grafana_foundation_sdk.builders import dashboard as parts
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import prometheus as prometheus_models

from grafana.panels import Bars, Chart, Panel, States, Table, Tile, Word
from grafana.queries import ALL, Query

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
_COUNTS = {"short", "cpm"}  # the units of counts: their sum means something, that of times does not
_LIMIT = "limit"
_GREY = "#6e7680"
_SPECIAL = {"nan": dashboard.SpecialValueMatch.NA_N, "null": dashboard.SpecialValueMatch.NULL}


@singledispatch
def drawn(panel: Panel) -> Any:
    """The SDK's builder of a panel, without its place."""
    raise TypeError(f"no drawing of {type(panel).__name__}")


@drawn.register
def _chart(panel: Chart) -> timeseries.Panel:
    stacked = panel.stacked and panel.unit in _COUNTS
    made = _common(timeseries.Panel(), panel)
    made.min(0).fill_opacity(40 if stacked else 8).show_points(common.VisibilityMode.NEVER)
    made.legend(_legend()).tooltip(_tooltip()).targets(_targets(panel))
    if panel.unit in _COUNTS:
        made.axis_soft_max(1)  # nothing but zeros would else be drawn at the foot of a scale up to 100
    if stacked:
        made.stacking(common_parts.StackingConfig().mode(common.StackingMode.NORMAL))
    if any(query.legend.startswith(_LIMIT) for query in panel.queries):
        made.override_by_regexp(f"/^{_LIMIT}/", _beside("red"))
    if any(f'"{ALL}"' in query.expr for query in panel.queries):
        made.override_by_regexp(f"/^{ALL} *$/", _beside(_GREY))
    return made


@drawn.register
def _tile(panel: Tile) -> stat.Panel:
    untold = {"null": Word(panel.empty, _GREY)}  # else it has the colour of the lowest step, which may be green
    made = _coloured(stat.Panel(), panel, untold).no_value(panel.empty).targets(_targets(panel, instant=True))
    made.color_mode(common.BigValueColorMode.BACKGROUND_SOLID).text_mode(common.BigValueTextMode.VALUE)
    made.justify_mode(common.BigValueJustifyMode.CENTER).graph_mode(common.BigValueGraphMode.NONE)
    return made.reduce_options(_last())


@drawn.register
def _bars(panel: Bars) -> bargauge.Panel:
    made = _coloured(bargauge.Panel(), panel).min(0).targets(_targets(panel, instant=True))
    if panel.most is not None:
        made.max(panel.most)
    made.orientation(common.VizOrientation.HORIZONTAL).display_mode(common.BarGaugeDisplayMode.BASIC)
    return made.value_mode(common.BarGaugeValueMode.COLOR).reduce_options(_last())


@drawn.register
def _table(panel: Table) -> table.Panel:
    (asked,) = _targets(panel, instant=True)
    made = _coloured(table.Panel(), panel).no_value(panel.empty).show_header(show_header=True)
    made.with_target(asked.format(prometheus_models.PromQueryFormat.TABLE))
    made.sort_by([common_parts.TableSortByFieldState().display_name(panel.columns[panel.first]).desc(desc=False)])
    return made.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=_columns(panel)))


@drawn.register
def _states(panel: States) -> statetimeline.Panel:
    made = _coloured(statetimeline.Panel(), panel).targets(_targets(panel))
    made.show_value(common.VisibilityMode.NEVER).row_height(0.7).fill_opacity(75).line_width(0)
    return made.legend(_legend()).tooltip(_tooltip())


def _common(made: Any, panel: Panel, words: Mapping[str, Word] | None = None) -> Any:
    made.title(panel.title).description(panel.description).datasource(SOURCE).unit(panel.unit)
    mappings = _mappings({**(panel.words or {}), **(words or {})})
    return made.mappings(mappings) if mappings else made


def _coloured(made: Any, panel: Panel, words: Mapping[str, Word] | None = None) -> Any:
    (_, lowest), *others = panel.steps
    steps = [dashboard.Threshold(value=None, color=lowest)]
    steps += [dashboard.Threshold(value=value, color=colour) for value, colour in others]
    _common(made, panel, words).thresholds(
        parts.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
    )
    return made.color_scheme(parts.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))


def _mappings(words: Mapping[str, Word]) -> list[dashboard.ValueMapping]:
    results = {value: _result(word, place) for place, (value, word) in enumerate(words.items())}
    plain = {value: result for value, result in results.items() if value not in _SPECIAL}
    mappings: list[dashboard.ValueMapping] = [dashboard.ValueMap(options=plain)] if plain else []
    for value, match in _SPECIAL.items():
        if value in results:
            options = dashboard.DashboardSpecialValueMapOptions(match=match, result=results[value])
            mappings.append(dashboard.SpecialValueMap(options=options))
    return mappings


def _result(word: Word, place: int) -> dashboard.ValueMappingResult:
    return dashboard.ValueMappingResult(text=word.text, color=word.colour, index=place)


def _columns(panel: Table) -> dict[str, Any]:
    return {
        "excludeByName": {"Time": True, "Value": True},
        "indexByName": {name: place for place, name in enumerate(panel.columns)},
        "renameByName": dict(panel.columns),
    }


def _targets(panel: Panel, *, instant: bool = False) -> list[prometheus.Dataquery]:
    return [_target(query, chr(ord("A") + place), instant=instant) for place, query in enumerate(panel.queries)]


def _target(query: Query, ref_id: str, *, instant: bool) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().datasource(SOURCE).ref_id(ref_id).expr(query.expr).legend_format(query.legend)
    if query.exemplars:
        asked.exemplar(exemplar=True)
    return asked.instant() if instant else asked.range()


def _last() -> common_parts.ReduceDataOptions:
    return common_parts.ReduceDataOptions().calcs(["last"])


def _legend() -> common_parts.VizLegendOptions:
    options = common_parts.VizLegendOptions().show_legend(show_legend=True)
    return options.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _tooltip() -> common_parts.VizTooltipOptions:
    return common_parts.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def _beside(colour: str) -> list[dashboard.DynamicConfigValue]:
    """A dashed line that is no part of the others' sum."""
    return [
        dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour}),
        dashboard.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 8]}),
        dashboard.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
        dashboard.DynamicConfigValue(id_val="custom.stacking", value={"mode": "none", "group": "A"}),
    ]
