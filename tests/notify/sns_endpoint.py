"""Amazon's SNS as an HTTP server: moto answers, but over a socket, as Amazon does, and as late as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from moto.core.botocore_stubber import BotocoreStubber

from tests.servers import LOOK_UP_SECONDS

HOST = "sns.us-east-1.amazonaws.com"


@dataclass
class SnsEndpoint:
    """`url` for AWS_ENDPOINT_URL_SNS. `received` is set by a whole request; `answers` holds its answer back."""

    url: str = ""
    received: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)
    # What to answer in moto's place, when not empty: status and body.
    instead: tuple[int, bytes] = (0, b"")
    requests: int = 0


@contextmanager
def sns_endpoint() -> Iterator[SnsEndpoint]:
    """Serve within `mock_aws`, whose account the texts are found in."""
    endpoint = SnsEndpoint()
    endpoint.answers.set()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.requests += 1
            endpoint.received.set()
            endpoint.answers.wait(20)
            headers = HeadersDict({name: value for name, value in self.headers.items() if name != "Host"})
            request = AWSPreparedRequest("POST", f"https://{HOST}{self.path}", headers, body, False)
            status, told = endpoint.instead
            if not status:
                answer = BotocoreStubber().process_request(request)
                assert answer is not None
                status, told = answer[0], answer[2].encode() if isinstance(answer[2], str) else answer[2]
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a request holds a number."""

    class Serving(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A kept line that its holder drops is no fault of the server's."""

    server = Serving(("127.0.0.1", 0), Answering)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    serving.start()
    try:
        yield endpoint
    finally:
        endpoint.answers.set()
        server.shutdown()
        server.server_close()
        serving.join()
