"""Tools that touch a host: one body, against this machine and against a real server over SSH."""
