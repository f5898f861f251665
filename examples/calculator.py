"""A calculator thread applies what client threads send it, one operation at a time."""

from __future__ import annotations

import random
import threading
import time
from operator import add, mul, sub, truediv
from typing import Any

from bocpy import receive
from bocpy.examples._messages import try_send
from bocpy.examples._options import CommandLine, whole

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
    parser = CommandLine(__doc__)
    parser.count("--num-clients -n", 0, 8, "threads that send")
    parser.count("--num-operations -a", 0, 10, "what each of them sends")
    text = "seconds without a message; negative: no limit"
    parser.add_argument("--timeout", "-t", type=whole, default=-1, help=text)
    args = parser.read()
    print(f"# client: {args.num_clients}")
    print(f"# ops/client: {args.num_operations}")

    # Daemons: Ctrl-C ends the program, whoever still receives or sends.
    calculator = threading.Thread(target=calculate, args=[args.timeout], daemon=True)
    calculator.start()
    share = (calculator, args.num_operations)
    clients = [
        threading.Thread(target=ask, args=share, daemon=True)
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
