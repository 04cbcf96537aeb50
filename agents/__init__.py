"""Who decides the next step: the release crew as a graph, and the doors people use to reach it."""
