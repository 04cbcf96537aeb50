"""Stand-ins on loopback for the services that have no real part here."""
