"""`isthmus-collector`, or `python -m control_plane.collector`: one collector of call records."""

import sys

from control_plane.collector import bootstrap


def main() -> None:
    sys.exit(bootstrap.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
