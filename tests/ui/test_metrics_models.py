"""The lists' models: total order, only changed cells signalled, selections that follow their rows."""

from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QApplication, QTableView

from console.domain.agent import AgentState
from console.domain.figures import AgentFigures
from tests.ui.wallboard_sample import NOON, abandoned_rows, board_of
from ui.metrics.models import AgentsModel, CallersModel, by_key
from ui.metrics.rows import AgentColumn, AgentFilter, CallerColumn
from ui.metrics.tongue import Tongue

EN = Tongue("en", UTC)
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def agents_of(*rows: AgentFigures) -> dict[str, AgentFigures]:
    return by_key(rows, lambda row: row.agent)


def agent(
    key: str, name: str = "", state: AgentState = AgentState.READY, ago: float = 0.0, **more: Any
) -> AgentFigures:
    return AgentFigures(agent=key, name=name or key, state=state, since=NOON - timedelta(seconds=ago), **more)


class Watched(AgentsModel):
    """A model that keeps what it signalled."""

    def __init__(self) -> None:
        super().__init__(EN, NOON)
        self.changes: list[tuple[int, int, int, int]] = []
        self.layouts: list[int] = []
        self.dataChanged.connect(
            lambda top, bottom: self.changes.append((top.row(), bottom.row(), top.column(), bottom.column()))
        )
        self.layoutChanged.connect(lambda: self.layouts.append(1))


@pytest.fixture
def model(qapp: QApplication) -> Watched:
    return Watched()


def shown(model: Watched) -> list[str]:
    return [model.index(place, 0).data() for place in range(model.rowCount())]


def test_only_changed_cells_are_signalled(model: Watched) -> None:
    ann, bob = agent("a", "Ann"), agent("b", "Bob", answered=3)
    model.put(agents_of(ann, bob), {})
    model.changes.clear()
    model.layouts.clear()
    model.put(agents_of(ann, msgspec.structs.replace(bob, answered=4)), {})
    assert model.changes == [(1, 1, AgentColumn.ANSWERED, AgentColumn.ANSWERED)]
    assert model.layouts == []


def test_equal_rows_signal_nothing(model: Watched) -> None:
    model.put(agents_of(agent("a"), agent("b")), {})
    model.changes.clear()
    model.layouts.clear()
    model.put(agents_of(agent("a"), agent("b")), {})
    assert (model.changes, model.layouts) == ([], [])


def test_a_second_signals_the_times_once_and_resets_nothing(model: Watched) -> None:
    model.put(agents_of(*(agent(f"a{n:04}", ago=n) for n in range(1000))), {})
    model.changes.clear()
    model.layouts.clear()
    model.tick(NOON + timedelta(seconds=1))
    assert model.changes == [(0, 999, AgentColumn.TIME, AgentColumn.TIME)]
    assert model.layouts == []
    assert model.index(59, AgentColumn.TIME).data() == "1:00"


def test_a_changed_row_keeps_its_place_until_it_settles(model: Watched) -> None:
    rows = [agent("a", answered=1), agent("b", answered=2), agent("c", answered=3)]
    model.sort(AgentColumn.ANSWERED, DOWN)
    model.put(agents_of(*rows), {})
    assert shown(model) == ["c", "b", "a"]
    rows[0] = msgspec.structs.replace(rows[0], answered=9)
    model.put(agents_of(*rows), {})
    assert shown(model) == ["c", "b", "a"]
    model.settle()
    assert shown(model) == ["a", "c", "b"]


@pytest.mark.parametrize("column", list(AgentColumn))
@pytest.mark.parametrize("order", [UP, DOWN])
def test_the_order_is_total_and_does_not_depend_on_arrival(
    model: Watched, column: AgentColumn, order: Qt.SortOrder
) -> None:
    rows = board_of(5, 200).agents
    model.sort(column, order)
    model.put(agents_of(*rows), {})
    first = list(model.shown)
    other = AgentsModel(EN, NOON)
    other.sort(column, order)
    other.put(agents_of(*reversed(rows)), {})
    assert other.shown == first
    assert sorted(first) == sorted(row.agent for row in rows)


def test_time_in_state_sorts_by_its_length(model: Watched) -> None:
    model.put(agents_of(agent("a", ago=5), agent("b", ago=500), agent("c", ago=50)), {})
    model.sort(AgentColumn.TIME, DOWN)
    assert shown(model) == ["b", "c", "a"]
    model.sort(AgentColumn.TIME, UP)
    assert shown(model) == ["a", "c", "b"]


def test_selection_follows_its_row(model: Watched) -> None:
    model.put(agents_of(agent("a", answered=1), agent("b", answered=2)), {})
    view = QTableView()
    view.setModel(model)
    view.selectionModel().select(model.index(0, 0), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    kept = QPersistentModelIndex(model.index(0, AgentColumn.STATE))
    model.sort(AgentColumn.ANSWERED, DOWN)
    assert [index.data() for index in view.selectedIndexes()] == ["a"]
    assert (kept.row(), kept.column()) == (1, AgentColumn.STATE)
    model.put(agents_of(agent("b", answered=2)), {})
    assert view.selectedIndexes() == []
    assert not kept.isValid()
    view.deleteLater()


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (AgentFilter(), ["a", "b", "c"]),
        (AgentFilter(queue="sales"), ["a", "c"]),
        (AgentFilter(state=AgentState.PAUSED), ["b"]),
        (AgentFilter(text="ann"), ["a"]),
        (AgentFilter(text="lunch BOB"), ["b"]),
        (AgentFilter(queue="sales", state=AgentState.PAUSED), []),
    ],
)
def test_filters(model: Watched, wanted: AgentFilter, keys: list[str]) -> None:
    rows = (
        agent("a", "Ann Okafor", queues=("sales",)),
        agent("b", "Bob", AgentState.PAUSED, reason="Lunch", queues=("billing",)),
        agent("c", "Cleo", AgentState.ON_CONTACT, queue="sales"),
    )
    model.put(agents_of(*rows), {})
    model.narrow(wanted)
    assert model.shown == keys


def test_a_row_that_the_filter_takes_no_longer_goes(model: Watched) -> None:
    model.narrow(AgentFilter(state=AgentState.READY))
    model.put(agents_of(agent("a"), agent("b")), {})
    model.put(agents_of(agent("a"), agent("b", state=AgentState.PAUSED)), {})
    assert model.shown == ["a"]
    model.put(agents_of(agent("a"), agent("b")), {})
    assert model.shown == ["a", "b"]


def test_cells_say_state_reason_idle_and_queue(model: Watched) -> None:
    names = {"sales": "Sales", "billing": "Billing"}
    idle = agent("a", "Ann", ago=75, idle_since=NOON - timedelta(seconds=75), queues=("sales", "billing"))
    away = agent("b", "Bob", AgentState.PAUSED, reason="Lunch", linked=False)
    busy = agent("c", "Cleo", AgentState.ON_CONTACT, queue="billing", queues=("sales", "billing"))
    model.put(agents_of(idle, away, busy), names)
    texts = [[model.index(place, column).data() for column in AgentColumn] for place in range(3)]
    assert texts[0] == ["Ann", "Ready", "1:15", "", "13:02", "Sales, Billing", "0"]
    assert texts[1] == ["Bob", "Paused", "0:00", "desk lost", "", "-", "0"]
    assert texts[2] == ["Cleo", "On a call", "0:00", "", "", "Billing", "0"]


def test_a_renamed_queue_is_said_anew(model: Watched) -> None:
    rows = agents_of(agent("a", queues=("sales",)))
    model.put(rows, {"sales": "Sales"})
    model.changes.clear()
    model.put(rows, {"sales": "Verkauf"})
    assert model.changes
    assert model.index(0, AgentColumn.QUEUE).data() == "Verkauf"


def test_callers_stand_newest_first_and_short_ones_are_marked(qapp: QApplication) -> None:
    from random import Random

    rows = abandoned_rows(40, 3, Random(3))
    model = CallersModel(EN, NOON)
    model.put(by_key(rows, lambda row: str(row.interaction)), {"q0": "Sales"})
    assert [model.row(place).at for place in range(40)] == sorted((row.at for row in rows), reverse=True)
    for place in range(40):
        said = model.index(place, CallerColumn.WAITED).data()
        assert said.endswith(" short") is model.row(place).short
    model.narrow("q0")
    assert {model.row(place).queue for place in range(model.rowCount())} == {"q0"}
    assert model.index(0, CallerColumn.QUEUE).data() == "Sales"
