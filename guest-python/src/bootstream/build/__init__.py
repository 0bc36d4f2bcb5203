"""Makes the component of a handler. Run `python -m bootstream.build --help`."""
