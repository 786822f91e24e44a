"""What Prometheus sees of the centre: counters that count as things happen, gauges read when asked for."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from console.domain.figures import Snapshot


class _Counted(Collector):
    """Counts that another room keeps, read when asked for."""

    def __init__(self, name: str, text: str, counts: Mapping[str, int]) -> None:
        self._name, self._text, self._counts = name, text, counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._text, labels=["what"])
        for what, count in sorted(self._counts.items()):
            family.add_metric([what], count)
        yield family


class Gauges:
    """The centre's metrics, in a registry of their own."""

    def __init__(self) -> None:
        """All at zero."""
        registry = self.registry = CollectorRegistry()
        self.ledger_events = Gauge(
            "callboard_ledger_events", "Newest sequence number of the ledger.", registry=registry
        )
        self.append_seconds = Histogram(
            "callboard_ledger_append_seconds",
            "Time to make one group of events durable.",
            buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.append_rows = Counter(
            "callboard_ledger_rows", "Events handed to the ledger's writer.", registry=registry
        )
        self.clients = Gauge(
            "callboard_websocket_clients", "Connected websocket clients.", ["role"], registry=registry
        )
        self.slow_clients = Counter(
            "callboard_websocket_slow_clients",
            "Times that a client fell behind and was given a fresh snapshot.",
            registry=registry,
        )
        self.closed_clients = Counter(
            "callboard_websocket_closed",
            "Connections that the centre ended, by close code.",
            ["code"],
            registry=registry,
        )
        self.bad_frames = Counter(
            "callboard_websocket_bad_frames", "Frames that were none of ours.", registry=registry
        )
        self.deltas = Counter(
            "callboard_board_deltas", "Board updates that were sent out.", registry=registry
        )
        self.resumed = Counter(
            "callboard_board_resumes",
            "Clients that resumed by sequence instead of a snapshot.",
            registry=registry,
        )
        self.sign_ins = Counter("callboard_sign_ins", "Sign-ins that worked.", registry=registry)
        self.sign_in_failures = Counter(
            "callboard_sign_in_failures", "Sign-ins that did not.", ["why"], registry=registry
        )
        self.records = Counter(
            "callboard_records", "Call records from desks.", ["outcome"], registry=registry
        )
        self.waiting = Gauge(
            "callboard_queue_waiting", "Customers who wait, by queue.", ["queue"], registry=registry
        )
        self.away = Gauge(
            "callboard_telephone_away", "Telephone systems out of reach.", ["where"], registry=registry
        )
        self.agents = Gauge("callboard_agents", "Agents by state.", ["state"], registry=registry)

    def count_also(self, name: str, text: str, counts: Mapping[str, int]) -> None:
        """Show another room's counts, `{what: count}`, which it goes on counting."""
        self.registry.register(_Counted(name, text, counts))

    def written(self, rows: int, seconds: float) -> None:
        """The ledger wrote a group."""
        self.append_rows.inc(rows)
        self.append_seconds.observe(seconds)

    def page(self, board: Snapshot, last_sequence: int) -> bytes:
        """The metrics as Prometheus reads them (text format 0.0.4)."""
        self.ledger_events.set(last_sequence)
        self.waiting.clear()
        for row in board.queues:
            self.waiting.labels(row.queue.key).set(len(row.waiting_since))
        self.away.clear()
        for notice in board.notices:
            if notice.kind == "away":
                self.away.labels(notice.where).set(1)
        self.agents.clear()
        for agent in board.agents:
            self.agents.labels(agent.state.value).inc()
        return generate_latest(self.registry)
