"""The gate: suites that run because of a push or a pull request, without a release."""
