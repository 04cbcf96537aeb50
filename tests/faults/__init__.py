"""Kill, cut, fill, freeze."""
