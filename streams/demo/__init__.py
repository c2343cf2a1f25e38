"""The demo: a whole ward, a broker and a worker on one machine, to be looked at."""
