"""Django's backend for MySQL, but for one thing: see base.py."""
