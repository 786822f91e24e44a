"""Figures over HTTP: the catalogue of metrics, live windows, stored intervals, and the same as files."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from console.metrics.catalogue import CATALOGUE
from console.metrics.increments import Dimension
from console.metrics.metric import Better, Metric, Unit
from console.server.figures import Figures, Names, Wish, live_rows, stored_rows, table_of, wished
from console.server.services import Needs, Services
from console.server.tables import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of


class MetricRow(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of the catalogue: what it is called and means, what it is made of, which way is good, at which
    value it calls for attention by default. `live`: it is of now, a stored interval has none.
    """

    key: str
    name: str
    unit: Unit
    formula: str
    inputs: list[str]
    better: Better
    warning: float | None
    critical: float | None
    dimensions: list[Dimension]
    live: bool


class Window(StrEnum):
    """A live window: today with what is now, the last minutes, today."""

    NOW = "now"
    QUARTER = "15"
    HALF = "30"
    HOUR = "60"
    TODAY = "today"


class Cut(StrEnum):
    """How long the intervals are: minutes, a day, or the whole range in one."""

    QUARTER = "15"
    HALF = "30"
    HOUR = "60"
    DAY = "day"
    ALL = "all"


async def wish_of(  # noqa: PLR0913 - one argument for each thing to choose by
    dimension: Annotated[Dimension, QueryParameter(description="What the rows are of.")],
    key: Annotated[
        str | None,
        QueryParameter(description="Keys in that dimension, with commas; all if left out.", max_length=4000),
    ] = None,
    start: Annotated[
        datetime | None, QueryParameter(name="from", description="From this quarter hour on.")
    ] = None,
    end: Annotated[datetime | None, QueryParameter(name="to", description="Up to this quarter hour.")] = None,
    minutes: Annotated[Cut | None, QueryParameter(description="Length of the intervals.")] = None,
    window: Annotated[
        Window | None, QueryParameter(description="A live window, instead of from and to.")
    ] = None,
    timezone: Annotated[
        str | None,
        QueryParameter(description="IANA name: where days begin, and what files show.", max_length=64),
    ] = None,
    metrics: Annotated[
        str | None,
        QueryParameter(description="Metrics by key, with commas; all if left out.", max_length=4000),
    ] = None,
) -> Wish:
    """What somebody wants of the figures."""
    return wished(
        {
            "dimension": dimension,
            "key": key,
            "start": start,
            "end": end,
            "minutes": minutes,
            "window": window,
            "timezone": timezone,
            "metrics": metrics,
        }
    )


Wanted = NamedDependency[Wish]
_WISH = {"wish": Provide(wish_of)}


@get("/api/v1/metrics", summary="The catalogue of metrics", tags=["figures"])
async def metrics_catalogue() -> list[MetricRow]:
    """Every metric that there is, in the order in which they are shown."""
    return [_described(metric) for metric in CATALOGUE.values()]


@get("/api/v1/figures", summary="Figures", tags=["figures"], dependencies=_WISH)
async def figures(services: Needs, wish: Wanted) -> Figures:
    """Figures of a range in intervals, or of a live window, by any dimension."""
    return await _made(services, wish)


@get(
    "/api/v1/figures.csv",
    summary="Figures as CSV",
    tags=["figures"],
    dependencies=_WISH,
    media_type=CSV_TYPE,
    responses={200: ResponseSpec(str, description="CSV.", media_type=CSV_TYPE, generate_examples=False)},
)
async def figures_csv(services: Needs, wish: Wanted) -> Response[bytes]:
    """The same as a file: a header in words with units and time zone, shares in percent."""
    made = await _made(services, wish)
    return _file(await asyncio.to_thread(csv_of, table_of(made)), CSV_TYPE, made, "csv")


@get(
    "/api/v1/figures.xlsx",
    summary="Figures as a spreadsheet",
    tags=["figures"],
    dependencies=_WISH,
    media_type=XLSX_TYPE,
    responses={200: ResponseSpec(bytes, description="XLSX.", media_type=XLSX_TYPE, generate_examples=False)},
)
async def figures_xlsx(services: Needs, wish: Wanted) -> Response[bytes]:
    """The same as a workbook with typed cells."""
    made = await _made(services, wish)
    return _file(await asyncio.to_thread(xlsx_of, table_of(made)), XLSX_TYPE, made, "xlsx")


async def _made(services: Services, wish: Wish) -> Figures:
    names = Names(await services.directory.queues(), await services.directory.agents())
    if wish.between is None:
        rows = live_rows(wish, services.face.figures, names, services.clock.now())
    else:
        source = services.face.figures
        increments = await source.increments(wish.dimension, wish.between, wish.keys or None)
        rows = await asyncio.to_thread(stored_rows, wish, increments, names)
    return Figures(
        dimension=wish.dimension,
        timezone=names.shown_in(wish),
        as_of=services.clock.now(),
        metrics=[metric.key for metric in wish.metrics],
        rows=rows,
    )


def _described(metric: Metric) -> MetricRow:
    return MetricRow(
        key=metric.key,
        name=metric.name,
        unit=metric.unit,
        formula=metric.formula,
        inputs=list(metric.inputs),
        better=metric.better,
        warning=metric.warning,
        critical=metric.critical,
        dimensions=list(metric.dimensions),
        live=metric.live,
    )


def _file(data: bytes, kind: str, made: Figures, ending: str) -> Response[bytes]:
    name = f"figures-{made.dimension}-{made.as_of:%Y%m%dT%H%M%SZ}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(data, media_type=kind, headers=headers)


ROUTES = [metrics_catalogue, figures, figures_csv, figures_xlsx]
