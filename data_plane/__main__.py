"""`isthmus-data-plane`, or `python -m data_plane`: one replica."""

import sys

from data_plane import bootstrap


def main() -> None:
    sys.exit(bootstrap.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
