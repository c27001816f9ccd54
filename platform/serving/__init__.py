"""How requests reach Django: whole, by as many threads as there are, and never because a client was slow.

gunicorn starts the processes and looks after them, waitress reads and writes (docs/decisions/0022).
"""
