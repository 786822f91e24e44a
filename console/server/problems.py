"""Errors over HTTP: problem details as JSON (RFC 9457), in words for the person at the other end."""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec

from console.domain.errors import BadInput, NotThere, Refused, StoreError, TooLate

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457: `title` names the kind of error, `detail` tells what happened and what to do."""

    type: str = "about:blank"
    status: int
    title: str
    detail: str = ""
    instance: str = ""


def described(statuses: Iterable[int]) -> dict[int, ResponseSpec]:
    """How the API's description names the errors of a route."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            description=HTTPStatus(status).phrase,
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in statuses
    }


def problem(
    request: Request[Any, Any, Any], status: int, detail: str, headers: dict[str, str] | None = None
) -> Response[Problem]:
    """An answer that tells of an error."""
    title = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    body = Problem(status=status, title=title, detail=detail, instance=request.scope.get("path", ""))
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers or {})


def _from_http(request: Request[Any, Any, Any], fault: HTTPException) -> Response[Problem]:
    detail = fault.detail
    if isinstance(fault.extra, list):
        places = [item for item in fault.extra if isinstance(item, dict) and item.get("message")]
        words = [f"{item.get('key', '')}: {item['message']}".lstrip(": ") for item in places]
        detail = "; ".join(words) or detail
    headers = dict(fault.headers or {})
    if fault.status_code == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return problem(request, fault.status_code, detail, headers)


def _from_bad_input(request: Request[Any, Any, Any], fault: BadInput) -> Response[Problem]:
    return problem(request, HTTPStatus.BAD_REQUEST, str(fault))


def _from_not_there(request: Request[Any, Any, Any], fault: NotThere) -> Response[Problem]:
    return problem(request, HTTPStatus.NOT_FOUND, str(fault))


def _from_too_late(request: Request[Any, Any, Any], fault: TooLate) -> Response[Problem]:
    return problem(request, HTTPStatus.CONFLICT, str(fault))


def _from_depth(request: Request[Any, Any, Any], _fault: RecursionError) -> Response[Problem]:
    return problem(request, HTTPStatus.BAD_REQUEST, "The body is nested too deep.")


def _from_refused(request: Request[Any, Any, Any], fault: Refused) -> Response[Problem]:
    return problem(request, HTTPStatus.FORBIDDEN, str(fault))


def _from_store(request: Request[Any, Any, Any], fault: StoreError) -> Response[Problem]:
    _log.error("a request could not be stored: %s", fault)
    words = "The centre cannot write to its database just now, so nothing was changed. Try again later."
    return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, words, {"Retry-After": "5"})


def _from_bug(request: Request[Any, Any, Any], fault: Exception) -> Response[Problem]:
    _log.error("a request failed: %s", request.scope.get("path_template", ""), exc_info=fault)
    words = "The centre made a mistake; it is in its log. Nothing more is known here."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, words)


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    HTTPException: _from_http,
    NotThere: _from_not_there,
    TooLate: _from_too_late,
    BadInput: _from_bad_input,
    RecursionError: _from_depth,
    Refused: _from_refused,
    StoreError: _from_store,
    Exception: _from_bug,
}
