"""A day of releases on this machine: the crew as it is, its neighbours as stand-ins, told as people would see it."""
