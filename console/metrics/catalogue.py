"""The one file of metrics: what each is called, means, is made of, and how it is worked out.

Wallboard, API, export and documentation read this. `CATALOGUE` maps each key to its Metric; `values` works
all of a dimension out of a Reading; `markdown` renders the table for people. None is "-": nothing to divide.
The names of inputs are fields of figures.Counts and of metrics.reading.Reading.
"""

from console.domain.agent import AgentState
from console.domain.queue import ServiceLevelFormula
from console.metrics import kpis, repeats
from console.metrics.increments import Dimension
from console.metrics.metric import Better, Metric, Unit, Value, Work, counted, field, of_now, per
from console.metrics.reading import Reading
from console.metrics.waits import ERROR, EXACT

_ALL = tuple(Dimension)
_CALLS = (Dimension.QUEUE, Dimension.CHANNEL, Dimension.SKILL, Dimension.CENTRE)
_LINES = (Dimension.QUEUE, Dimension.CENTRE)
_TEAMS = (Dimension.QUEUE, Dimension.AGENT, Dimension.CENTRE)
_GATES = (Dimension.QUEUE, Dimension.CHANNEL, Dimension.CENTRE)
_AGENT = (Dimension.AGENT,)
_HIGH, _LOW, _NEITHER = Better.HIGH, Better.LOW, Better.NEITHER

# fmt: off
_COUNTS = counted((
    ("waiting_max", "Most waiting", "the most who waited at once, as far as a fact shows", _LOW, _LINES),
    ("offered", "Offered", "put into a queue (channel, skill, centre: each one once)", _NEITHER, _CALLS),
    ("answered", "Answered", "answered by an agent out of a queue (there: once)", _HIGH, _ALL),
    ("answered_in_time", "Answered in time", "answered after at most the threshold", _HIGH, _ALL),
    ("abandoned", "Abandoned", "left by the customer before an answer", _LOW, _CALLS),
    ("abandoned_in_time", "Abandoned in time", "abandoned after at most the threshold", _LOW, _CALLS),
    ("short_abandoned", "Short abandons", "abandoned before the short-abandon limit", _NEITHER, _CALLS),
    ("transferred_in", "Transferred in", "came into the queue by a transfer", _NEITHER, _CALLS),
    ("transferred_out", "Transferred out", "passed on by the agent", _NEITHER, _ALL),
    ("requeued", "Offers not taken", "offers that came to nothing but for withdrawn ones", _LOW, _ALL),
    ("flowed_out", "Flow-outs", "left the queue with neither answer nor abandon", _LOW, _CALLS),
    ("out_timeout", "Out: time-out", "flow-outs at the longest wait, to no queue", _LOW, _CALLS),
    ("out_overflow", "Out: overflow", "flow-outs that flowed over into another queue", _LOW, _CALLS),
    ("out_closed", "Out: closed", "flow-outs at closing time", _LOW, _CALLS),
    ("out_full", "Out: full", "flow-outs out of a full queue", _LOW, _CALLS),
    ("out_no_agents", "Out: no agents", "flow-outs because nobody was signed in", _LOW, _CALLS),
    ("out_callback", "Out: callback", "flow-outs into a callback, whatever the cause", _NEITHER, _CALLS),
    ("out_voicemail", "Out: voicemail", "flow-outs to voicemail, whatever the cause", _LOW, _CALLS),
    ("out_moved", "Out: moved", "moved to a queue by a supervisor", _NEITHER, _CALLS),
    ("out_ended", "Out: ended", "ended by centre or agent while waiting", _LOW, _CALLS),
    ("refused", "Refused", "arrivals a queue never took (channel, centre: that no queue took)", _LOW, _GATES),
    ("refused_closed", "Refused: closed", "refused outside the hours", _LOW, _GATES),
    ("refused_full", "Refused: full", "refused because too many waited", _LOW, _GATES),
    ("refused_no_agents", "Refused: no agents", "refused because nobody was signed in", _LOW, _GATES),
    ("callbacks_asked", "Callbacks asked", "callbacks that were promised", _NEITHER, _CALLS),
    ("callbacks_done", "Callbacks done", "callbacks whose customer was reached", _HIGH, _ALL),
    ("callbacks_refused", "Callbacks refused", "asked for with a number not to be called", _LOW, _CALLS),
    ("callbacks_failed", "Callbacks failed", "callbacks that ended and reached nobody", _LOW, _CALLS),
    ("callbacks_not_reached", "Callback tries in vain", "tries that did not reach the customer", _LOW, _ALL),
    ("outbound", "Outbound calls", "calls that agents asked the centre to make", _NEITHER, _ALL),
    ("outbound_reached", "Outbound calls reached", "of these, those that were answered", _NEITHER, _ALL),
    ("voicemails", "Voicemails", "messages that were left", _NEITHER, _CALLS),
    ("contacts", "Contacts", "contacts taken, callbacks, direct transfers, outbound too", _HIGH, _AGENT),
    ("offers", "Offers", "offers made to the agent", _NEITHER, _AGENT),
    ("rona", "RONA", "offers that rang and were not answered", _LOW, _ALL),
    ("declined", "Declined", "offers that the agent refused", _LOW, _ALL),
))
_TIMES = counted((
    ("talk_s", "Talk time", "talking, without hold, up to each change", _NEITHER, _ALL),
    ("hold_s", "Hold time", "customers put on hold", _NEITHER, _ALL),
    ("wrap_up_s", "Wrap-up time", "after-contact work that has ended", _NEITHER, _ALL),
    ("callback_s", "Callback time", "talk, hold and wrap-up of callbacks (in no other time)", _NEITHER, _ALL),
    ("outbound_s", "Outbound time", "talk, hold and wrap-up of outbound calls (in no other time)", _NEITHER,
     _ALL),
    *((f"in_{state.value}_s", f"Agents: {state.value.replace('_', ' ')}, time",
       f"seconds that agents spent {state.value.replace('_', ' ')}", _NEITHER, _TEAMS)
      for state in AgentState if state is not AgentState.OFFLINE),
), Unit.SECONDS)
# fmt: on

_LEVELS = {
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ANSWERED: "answered in time / answered",
    ServiceLevelFormula.IN_TIME_OF_ALL: "(answered + abandoned in time) / (answered + abandoned)",
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL: "answered in time / (answered + abandoned)",
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT: (
        "answered in time / (answered + abandoned - short abandons)"
    ),
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_DUE: (
        "answered in time / (answered + abandoned - abandoned in time)"
    ),
}


def _level(formula: ServiceLevelFormula) -> Metric:
    inputs = ("answered_in_time", "answered", "abandoned", "abandoned_in_time", "short_abandoned")
    return Metric(
        key=f"level_{formula.value}", name=f"Service level as {_LEVELS[formula]}", unit=Unit.SHARE,
        formula=_LEVELS[formula], inputs=inputs, better=_HIGH, warning=0.80, critical=0.70,
        dimensions=_CALLS, value=lambda reading: kpis.service_level(formula, reading.counts, 0.0).value,
    )  # fmt: skip


def _wait(which: str, name: str, share: float) -> Metric:
    def value(reading: Reading) -> Value:
        waits = reading.answered_waits if which == "answered" else reading.abandoned_waits
        return waits.percentile(share)

    words = f"the least wait that {share:.0%} of the {which} do not exceed, of the nearest rank"
    return Metric(
        key=f"wait_{which}_{name}_s", name=f"Wait of the {which}, {name}", unit=Unit.SECONDS,
        formula=f"{words} (exact up to {EXACT} waits, then within {ERROR:.0%} of its value)",
        inputs=(f"{which}_waits",), better=_LOW, dimensions=_CALLS, value=value,
    )  # fmt: skip


def _longest(which: str) -> Metric:
    most = field(f"wait_max_{which}_s")
    return Metric(
        key=f"wait_{which}_longest_s", name=f"Wait of the {which}, longest", unit=Unit.SECONDS,
        formula=f"the longest wait of the {which}", inputs=(f"wait_max_{which}_s", which), better=_LOW,
        dimensions=_CALLS, value=lambda reading: most(reading) if field(which)(reading) else None,
    )  # fmt: skip


def _agents_now(state: AgentState) -> Metric:
    words = state.value.replace("_", " ")
    return Metric(
        key=f"agents_{state.value}", name=f"Agents {words}", unit=Unit.COUNT,
        formula=f"agents who are {words} now (one in two queues: in both rows, once in the centre)",
        inputs=("agents",), better=_NEITHER, dimensions=_LINES, live=True,
        value=of_now(lambda reading: reading.agents.get(state, 0)),
    )  # fmt: skip


def _share(key: str, name: str, better: Better, words: str, of: tuple[str, str]) -> Metric:
    return Metric(
        key=key, name=name, unit=Unit.SHARE, formula=words, inputs=of, better=better,
        dimensions=_CALLS, value=per(*of),
    )  # fmt: skip


def _mean(key: str, name: str, words: str, of: tuple[str, str], *dimensions: Dimension) -> Metric:
    return Metric(
        key=key, name=name, unit=Unit.SECONDS, formula=words, inputs=of, better=_NEITHER,
        dimensions=dimensions or _ALL, value=per(*of),
    )  # fmt: skip


def _live(key: str, name: str, unit: Unit, words: str, value: Work) -> Metric:
    return Metric(
        key=key, name=name, unit=unit, formula=words, inputs=("waiting",), better=_LOW,
        dimensions=_LINES, live=True, value=of_now(value),
    )  # fmt: skip


_FOLLOWED = (
    f" (all up to {repeats.KEPT:,} contacts a centre within the days; with more a fair sample of customers,"
    " the others in neither part)"
)
_WORK = ("in_on_contact_s", "in_hold_s", "in_wrap_up_s", "in_ready_s")

# fmt: off
_NOW = (
    _live("waiting", "Waiting now", Unit.COUNT, "customers who wait or whose offer rings, now",
          lambda reading: reading.waiting),
    _live("longest_wait_now_s", "Longest wait now", Unit.SECONDS, "now - the earliest beginning of a wait",
          lambda reading: reading.longest_wait_s),
    _live("callbacks_waiting", "Callbacks waiting", Unit.COUNT, "customers to be called back, now",
          lambda reading: reading.callbacks_waiting),
    *(_agents_now(state) for state in AgentState if state is not AgentState.OFFLINE),
    Metric(key="agents_signed_in", name="Agents signed in", unit=Unit.COUNT,
           formula="agents in any state but offline", inputs=("agents",),
           better=_NEITHER, dimensions=_LINES, live=True,
           value=of_now(lambda reading: sum(reading.agents.values()))),
)
_WAITS = (
    Metric(key="service_level", name="Service level", unit=Unit.SHARE,
           formula="each fact by the formula and threshold that were in force at its moment",
           inputs=("level_met", "level_of"), better=_HIGH, warning=0.80, critical=0.70, dimensions=_CALLS,
           value=per("level_met", "level_of")),
    *(_level(formula) for formula in ServiceLevelFormula),
    Metric(key="abandon_rate", name="Abandon rate", unit=Unit.SHARE,
           formula="abandoned / (answered + abandoned - short abandons)",
           inputs=("abandoned", "answered", "short_abandoned"), better=_LOW, warning=0.05, critical=0.10,
           dimensions=_CALLS, value=lambda reading: kpis.abandon_rate(reading.counts)),
    Metric(key="asa_s", name="Average speed of answer", unit=Unit.SECONDS,
           formula="wait of the answered / answered", inputs=("wait_answered_s", "answered"),
           better=_LOW, warning=20.0, critical=60.0, dimensions=_ALL,
           value=lambda reading: kpis.asa_s(reading.counts)),
    _mean("wait_abandoned_mean_s", "Mean wait of the abandoned", "wait of the abandoned / abandoned",
          ("wait_abandoned_s", "abandoned"), *_CALLS),
    *(metric for which in ("answered", "abandoned") for metric in (
        _longest(which), _wait(which, "median", 0.5), _wait(which, "p90", 0.9), _wait(which, "p95", 0.95))),
    _mean("estimate_error_s", "Error of the expected wait",
          "mean of actual - expected wait of the answered who had one on coming",
          ("estimate_error_s", "estimates"), *_CALLS),
    _mean("estimate_abs_error_s", "Absolute error of the expected wait",
          "mean of |actual - expected wait| of the answered who had one on coming",
          ("estimate_abs_error_s", "estimates"), *_CALLS),
    _share("estimate_near", "Expected waits within 25 %", _HIGH,
           "answered within 25 % of the wait expected on coming / answered who had one",
           ("estimates_near", "estimates")),
    Metric(key="first_contact_resolution", name="First-contact resolution", unit=Unit.SHARE,
           formula="1 - answered whose customer came to the same queue again within its repeat_days /"
                   f" answered of known customers{_FOLLOWED}; provisional until the days are over",
           inputs=("contacts_repeated", "contacts_known"), better=_HIGH, dimensions=_ALL,
           value=lambda reading: kpis.first_contact_resolution(reading.counts)),
    _share("repeat_callers", "Repeat callers", _LOW,
           "customers known from the repeat_days before, in the same queue /"
           f" known customers who came{_FOLLOWED}",
           ("callers_repeated", "callers_known")),
)
_HANDLING = (
    Metric(key="aht_s", name="Average handle time", unit=Unit.SECONDS,
           formula="(talk + hold + wrap-up) / answered", inputs=("talk_s", "hold_s", "wrap_up_s", "answered"),
           better=_NEITHER, dimensions=_ALL,
           value=lambda reading: kpis.aht_s(reading.counts)),
    _mean("att_s", "Average talk time", "talk / answered", ("talk_s", "answered")),
    _mean("average_hold_s", "Average hold", "hold / answered", ("hold_s", "answered")),
    _mean("acw_s", "Average wrap-up (ACW)", "wrap-up / answered", ("wrap_up_s", "answered")),
    _mean("callback_aht_s", "Average handle time of callbacks", "callback time / callbacks done",
          ("callback_s", "callbacks_done")),
    Metric(key="rona_rate", name="RONA rate", unit=Unit.SHARE, formula="RONA / offers",
           inputs=("rona", "offers"), better=_LOW, warning=0.05, critical=0.10, dimensions=_AGENT,
           value=per("rona", "offers")),
    Metric(key="contacts_per_hour", name="Contacts an hour", unit=Unit.PER_HOUR,
           formula="contacts / hours signed in", inputs=("contacts", *(f"in_{s}_s" for s in kpis.SIGNED_IN)),
           better=_NEITHER, dimensions=_AGENT, value=lambda reading: kpis.contacts_per_hour(reading.counts)),
    Metric(key="occupancy", name="Occupancy", unit=Unit.SHARE,
           formula="(on contact + hold + wrap-up) / (that + ready)", inputs=_WORK, better=_NEITHER,
           warning=0.85, critical=0.92, dimensions=_TEAMS,
           value=lambda reading: kpis.occupied(reading.counts)),
    Metric(key="utilisation", name="Utilisation", unit=Unit.SHARE,
           formula="(on contact + hold + wrap-up) / (that + ready + paused)", inputs=(*_WORK, "in_paused_s"),
           better=_NEITHER, dimensions=_TEAMS, value=lambda reading: kpis.utilisation(reading.counts)),
    Metric(key="adherence", name="Schedule adherence", unit=Unit.SHARE,
           formula="a place held free: there are no schedules yet, so it is always \"-\"", inputs=(),
           better=_HIGH, dimensions=_TEAMS, value=lambda reading: None),
)
# fmt: on

CATALOGUE: dict[str, Metric] = {
    metric.key: metric for metric in (*_NOW, *_COUNTS, *_WAITS, *_TIMES, *_HANDLING)
}
"""All metrics by key, in the order in which they are shown."""


def metrics_for(dimension: Dimension) -> tuple[Metric, ...]:
    """The metrics that exist for a dimension."""
    return tuple(metric for metric in CATALOGUE.values() if dimension in metric.dimensions)


def values(reading: Reading, dimension: Dimension) -> dict[str, Value]:
    """Every metric of a dimension, worked out; None is "-"."""
    return {metric.key: metric.value(reading) for metric in metrics_for(dimension)}


def markdown() -> str:
    """The catalogue as a table in Markdown."""
    lines = [
        "| key | name | unit | formula | better | warning | critical | by |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for metric in CATALOGUE.values():
        limits = ["-" if limit is None else f"{limit:g}" for limit in (metric.warning, metric.critical)]
        dimensions = "all" if metric.dimensions == _ALL else ", ".join(metric.dimensions)
        formula = metric.formula.replace("|", "\\|")
        columns = (f"`{metric.key}`", metric.name.replace("|", "\\|"), metric.unit, formula, metric.better)
        lines.append(f"| {' | '.join((*columns, *limits, dimensions))} |")
    return "\n".join(lines) + "\n"
