"""What the back-end components share."""
