"""`init` is proved without any I/O: listings in, facts and texts out."""
