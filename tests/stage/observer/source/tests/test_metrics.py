from observer import metrics
from observer.server import Status, answer


def test_counters_are_exposed_for_prometheus() -> None:
    assert "observer_observations_total 12\n" in metrics.exposition(12, 3)


def test_metrics_are_served() -> None:
    code, kind, body = answer("/metrics", Status(observations=5))
    assert code == 200
    assert kind.startswith("text/plain")
    assert "observer_requests_total 1\n" in body
