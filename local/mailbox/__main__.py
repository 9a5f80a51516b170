"""`python -m local.mailbox`: run the mailbox until it is told to stop."""

import asyncio
import signal
import sys

from local.mailbox.server import BadSettingError, Mailbox, read_settings


async def _serve(mailbox: Mailbox) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await mailbox.start()
    print(f"mailbox: SMTP on port {mailbox.smtp_port}, pages on port {mailbox.http_port}", flush=True)
    await stopped.wait()
    mailbox.stop()


def main() -> int:
    """Run; returns the exit code."""
    try:
        settings = read_settings()
    except BadSettingError as reason:
        print(f"mailbox: {reason}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(Mailbox(settings)))
    except OSError as reason:
        print(f"mailbox: cannot start on its ports or folder ({reason.strerror}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
