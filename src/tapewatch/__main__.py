"""``python -m tapewatch``."""

from tapewatch.cli.main import main

if __name__ == "__main__":
    main()
