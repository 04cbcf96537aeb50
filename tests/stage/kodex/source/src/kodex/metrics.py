"""Counters in the text format of Prometheus."""

from dataclasses import dataclass


@dataclass
class Metrics:
    requests: int = 0
    errors: int = 0

    def exposition(self) -> str:
        counters = {
            "kodex_requests_total": ("Requests answered.", self.requests),
            "kodex_errors_total": ("Requests and jobs that failed.", self.errors),
        }
        return "".join(
            f"# HELP {name} {text}\n# TYPE {name} counter\n{name} {count}\n" for name, (text, count) in counters.items()
        )
