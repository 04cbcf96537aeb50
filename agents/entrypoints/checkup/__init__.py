"""What `doctor` looks at: one module per subject, each a set of small functions that end in a `Check`."""
