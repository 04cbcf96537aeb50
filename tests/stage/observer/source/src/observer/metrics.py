"""Numbers for Prometheus, in its text format."""


def exposition(observations: int, requests: int) -> str:
    return (
        "# HELP observer_observations_total Observations written to the journal.\n"
        "# TYPE observer_observations_total counter\n"
        f"observer_observations_total {observations}\n"
        "# HELP observer_requests_total Requests answered.\n"
        "# TYPE observer_requests_total counter\n"
        f"observer_requests_total {requests}\n"
    )
