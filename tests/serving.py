"""A small server that speaks as much of Prometheus' API as the client asks for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tapewatch.client.answers import from_answer, to_json
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.errors import QueryRefused


class Api:
    """Answers from a source; ``seen`` holds what was asked: method, path, form, headers."""

    def __init__(self, source):
        self.source = source
        self.seen = []
        self.fixed = {}
        """Paths with an answer that stands: status and body."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path, form):
        if path in self.fixed:
            return self.fixed[path]
        try:
            data = self._data(path, form)
            notes = {name: data.pop(name) for name in ("warnings", "infos") if name in data}
            return 200, {"status": "success", "data": data, **notes}
        except QueryRefused as fault:
            told = f'invalid parameter "query": {fault}'
            return 400, {"status": "error", "errorType": "bad_data", "error": told}

    def _data(self, path, form):
        text = form["query"][0]
        times = {name: round(float(form[name][0]) * 1000) for name in form if name != "query"}
        if path == "/api/v1/query":
            answer = Engine().instant(self.source, text, times["time"])
        else:
            answer = Engine().range(self.source, text, times["start"], times["end"], times["step"])
        return to_json(from_answer(text, answer))

    def _handler(api):  # noqa: N805  # the inner class has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                place = urlsplit(self.path)
                if "form" in self.headers.get("Content-Type", ""):
                    body = parse_qs(body.decode())
                asked = body or parse_qs(place.query)
                api.seen.append((self.command, place.path, asked, dict(self.headers)))
                status, answer = api.answer(place.path, asked)
                packed = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(packed)))
                self.end_headers()
                self.wfile.write(packed)

            do_GET = do_POST  # noqa: N815  # the name that http.server calls

            def log_message(self, *_):
                pass

        return Handler
