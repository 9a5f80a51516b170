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
        mailbox = Mailbox(settings)
    except (OSError, ValueError, KeyError, TypeError):
        print(
            f"mailbox: {settings.folder} cannot be read; move its mail.jsonl away to start empty.",
            file=sys.stderr,
        )
        return 1
    try:
        asyncio.run(_serve(mailbox))
    except OSError as reason:
        print(f"mailbox: a port cannot be used ({reason.strerror}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
