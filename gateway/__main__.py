"""`python -m gateway` is `relais`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
