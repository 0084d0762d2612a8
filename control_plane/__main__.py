"""`isthmus-control-plane`, or `python -m control_plane`: one control plane."""

import sys

from control_plane import bootstrap


def main() -> None:
    sys.exit(bootstrap.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
