"""One body, run against the stand-in and the real part."""
