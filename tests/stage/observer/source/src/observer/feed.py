"""A feed of prices: a random walk, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any


def prices(seed: int = 1) -> Iterator[dict[str, Any]]:
    walk = random.Random(seed)
    price = 70_000.0
    while True:
        price = max(1.0, price + walk.gauss(0, 25))
        yield {"at": datetime.now(timezone.utc).isoformat(), "symbol": "005930", "price": round(price, 1)}
