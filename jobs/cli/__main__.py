"""`python -m vidsharp.jobs.cli`: the command `vidsharp`."""

from .main import main

if __name__ == "__main__":
    main()
