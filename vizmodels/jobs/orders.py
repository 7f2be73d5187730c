"""Orders to trainings that run: kept in each worker's memory, where a training finds its own
before every step without asking anybody."""

import threading
from collections import OrderedDict

from vizmodels.training.control import Order

MAX_ORDERS = 256  # of the last submissions; every worker hears the orders to all

_lock = threading.Lock()
_orders: OrderedDict[str, Order] = OrderedDict()


def give_order(tag: str, order: Order) -> None:
    """Keep the newest order to the submission of this tag; called in a worker, from outside."""
    with _lock:
        _orders[tag] = order
        _orders.move_to_end(tag)
        while len(_orders) > MAX_ORDERS:
            _orders.popitem(last=False)


def order_to(tag: str, first: Order) -> Order:
    """The newest order to this submission, or the one it came with."""
    return _orders.get(tag, first)
