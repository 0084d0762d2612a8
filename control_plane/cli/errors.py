"""What ends a command with one readable line, and the exit code that scripts can rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Documented in `docs/cli.md`; 2 is click's own, for wrong usage."""

    FAILED = 1
    USAGE = 2
    INVALID = 3  # the configuration is refused
    NOT_FOUND = 4
    CONFLICT = 5
    DENIED = 6  # no token, a bad one, or one without the right
    UNREACHABLE = 7
    DIFFERENT = 8  # `diff` or `downgrade-check` found something
    NOT_PROGRAMMED = 9  # `apply --wait`: not in force on all replicas; what was applied stays
    ROLLED_BACK = 10  # as 9, and all is again as it was before
    ROLLBACK_INCOMPLETE = 11  # as 9, and something of what was applied stays


INTERRUPTED = 130  # as shells report a command that Ctrl-C ended: 128 and the signal's number


class CliError(Exception):
    """Printed as `isthmus: <message>`; details follow on lines of their own."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details
