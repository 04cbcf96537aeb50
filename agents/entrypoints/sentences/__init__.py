"""What is said of each event: a module for each group of `agents/events/`, which ends with its table of sentences."""
