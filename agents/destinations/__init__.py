"""Where releases go: one port, and one adapter for each kind of target."""
