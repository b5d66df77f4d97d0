"""The built console: files read once at start, served from memory, ready compressed. Anything that is no file shows the console."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from auricle.web.errors import problem, request_id_of
from auricle.web.guard import public

NOT_BUILT = "The console is not built yet. Run `make run`, or `console/build.sh`, and start again.\n"
ENCODINGS = ((".br", "br"), (".gz", "gzip"))


@dataclass(frozen=True, slots=True)
class File:
    """One file and its compressed forms by content coding."""

    media_type: str
    plain: bytes
    coded: dict[str, bytes]


class ConsoleFiles:
    """The files of `console/dist`, by path from its root."""

    def __init__(self, directory: Path) -> None:
        self._files: dict[str, File] = {}
        for path in sorted(directory.rglob("*")) if directory.is_dir() else ():
            hidden = any(part.startswith(".") for part in path.relative_to(directory).parts)
            if path.is_file() and not hidden and path.suffix not in {".br", ".gz"}:
                self._files[path.relative_to(directory).as_posix()] = _load(path)

    def answer(self, name: str, accepted: str) -> Response:
        """A file, or the page for addresses that the console itself knows."""
        file = self._files.get(name)
        if file is None and name.startswith("assets/"):
            return PlainTextResponse("This version of the console is gone. Load the page again.\n", 404)
        shown = file or self._files.get("index.html")
        if shown is None:
            return PlainTextResponse(NOT_BUILT, 503)
        headers = {"Vary": "Accept-Encoding"}
        if file is not None and name.startswith("assets/"):  # their names hold a hash of what is in them
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        for _, coding in ENCODINGS:
            if coding in shown.coded and coding in accepted:
                return Response(shown.coded[coding], 200, headers | {"Content-Encoding": coding}, shown.media_type)
        return Response(shown.plain, 200, headers, shown.media_type)


def _load(path: Path) -> File:
    coded = {
        coding: path.with_name(path.name + suffix).read_bytes()
        for suffix, coding in ENCODINGS
        if path.with_name(path.name + suffix).is_file()
    }
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File("text/javascript" if path.suffix == ".js" else kind, path.read_bytes(), coded)


def add_console(app: FastAPI, files: ConsoleFiles) -> None:
    """Serve the console at every address that is not the API's."""

    async def console(path: str, request: Request) -> Response:
        if path == "api" or path.startswith("api/"):
            return problem(request_id_of(request), 404, "http.404", "Not found", "There is nothing at this address.")
        return files.answer(path, request.headers.get("accept-encoding", ""))

    app.add_api_route(
        "/{path:path}", console, methods=["GET", "HEAD"], include_in_schema=False, dependencies=[Depends(public)], response_model=None
    )
