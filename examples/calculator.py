"""A calculator thread applies what client threads send it, one operation at a time."""

from __future__ import annotations

import argparse
import random
import threading
import time
from operator import add, mul, sub, truediv
from typing import Any

from bocpy import receive
from bocpy.examples._messages import try_send
from bocpy.examples._options import at_least

TAG = "calculator"
OPERATIONS: dict[str, Any] = {"+": add, "-": sub, "*": mul, "/": truediv}


def calculate(timeout: float) -> None:
    """Apply operations until told to stop, or until none comes in time."""
    value, count = 0.0, 0
    while True:
        match receive(TAG, timeout, after=lambda: (TAG, "timeout")):
            case (_, "stop"):
                break
            case (_, "timeout"):
                print("Timed out")
                break
            case (_, (symbol, operand)):
                value = OPERATIONS[symbol](value, operand)
                count += 1
    print(f"Total operations: {count}")
    print(f"Final value: {value}")


def tell(calculator: threading.Thread, contents: object) -> None:
    """Send the calculator a message, waiting while too many are on the way."""
    while not try_send(TAG, contents) and calculator.is_alive():
        time.sleep(0.001)


def ask(calculator: threading.Thread, operations: int) -> None:
    """Send random operations."""
    for _ in range(operations):
        tell(calculator, (random.choice(list(OPERATIONS)), random.uniform(1, 10)))


def main() -> None:
    """Run one calculator and its clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-clients", "-n", type=at_least(0), default=8)
    parser.add_argument("--num-operations", "-a", type=at_least(0), default=10)
    parser.add_argument(
        "--timeout", "-t", type=int, default=-1, help="seconds; negative: no limit"
    )
    args = parser.parse_args()
    print(f"# client: {args.num_clients}")
    print(f"# ops/client: {args.num_operations}")

    calculator = threading.Thread(target=calculate, args=(args.timeout,))
    calculator.start()
    clients = [
        threading.Thread(target=ask, args=(calculator, args.num_operations))
        for _ in range(args.num_clients)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if args.timeout < 0:
        tell(calculator, "stop")
    calculator.join()


if __name__ == "__main__":
    main()
