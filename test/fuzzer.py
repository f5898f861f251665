"""Calls everything in the package with odd arguments: SEED CALLS [--running|--threads].

What blocks by contract is left out or called with a short time-out, and so is what
only the runtime itself may call (`INNER`). The last call before a crash stands in the
last lines of standard output.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import logging
import os
import random
import sys
import threading

import bocpy
from bocpy import _core, _math

BLOCKS = {
    "quiesce",
    "receive",
    "notice_sync",
    "notice_sync_wait",
    "noticeboard_serve",
    "scheduler_worker_pop",
    "scheduler_worker_register",
    "start",
    "terminator_wait",
    "terminator_wait_pumpable",
    "wait",
    "Behaviors",
    "_run_thread",
}
INNER = {
    "clear_noticeboard_thread",
    "noticeboard_stop",
    "scheduler_drain_all_queues",
    "scheduler_request_stop_all",
    "scheduler_runtime_start",
    "scheduler_runtime_stop",
    "set_noticeboard_thread",
    "terminator_close",
    "terminator_dec",
    "terminator_inc",
    "terminator_reset",
    "terminator_seed_dec",
    "terminator_seed_inc",
    "_set_crossing",
    "_end_pump",
    "_forget_runtime",
    "_set_running",
}
NUMBERS = (0, 1, -1, 2, 17, 2**31, 2**63, -(2**63), 2**64, 10**40, True)
REALS = (0.0, -1.0, 0.001, float("inf"), float("nan"), 1e10)
TEXTS = ("", "a", "boc_behavior", "\ud800", "x" * 70, "a\0b", "__behavior__0", "value")
KEYWORDS = ("value", "timeout", "default", "key", "axis", "out", "n_args", "tags")


def body(*cowns, more=1):
    return cowns, more


class Text(str):
    __slots__ = ()


class SubCown(bocpy.Cown):
    """A subclass of the package's class."""


class Fuzzer:
    """Makes arguments and calls; all from one seed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.kept = [None]
        self.lists = [[]]
        self.targets = [
            (name, getattr(module, name))
            for module in (bocpy, _core, _math)
            for name in dir(module)
            if callable(getattr(module, name))
            and name not in BLOCKS | INNER
            and not name.startswith("__")
        ]
        self.makers = [
            lambda: self.rng.choice(NUMBERS),
            lambda: self.rng.choice(REALS),
            lambda: self.rng.choice(TEXTS),
            lambda: bocpy.Cown(self.plain()),
            lambda: bocpy.Cown(self.plain()),
            lambda: _core.CownCapsule(self.plain()),
            lambda: _core.CownCapsule(self.plain()),
            lambda: self.rng.choice(self.kept),
            lambda: bocpy.Matrix(self.rng.randrange(1, 4), self.rng.randrange(1, 4)),
            self.behavior,
            lambda: bocpy.when(bocpy.Cown(1)),
            lambda: SubCown(1),
            lambda: Odd(self),
            lambda: body,
            lambda: Text("text"),
            lambda: bytearray(b"bytes"),
            lambda: memoryview(b"view"),
            lambda: ValueError("value"),
            lambda: slice(self.plain(), self.plain(), self.plain()),
            lambda: iter([1, 2]),
            lambda: self.rng.choice([len, int, type, bocpy.Cown, bocpy.Matrix, sys]),
            os.getpid,
        ]

    def plain(self):
        return self.rng.choice([None, 1, -5, [1], {1: 2}, 2**70])

    def behavior(self):
        pairs = [(self.rng.choice([1, -1]), _core.CownCapsule(1))]
        thunk = self.rng.choice(["thunk", body])
        return _core.BehaviorCapsule(thunk, _core.CownCapsule(), pairs, [self.plain()])

    def value(self, depth=0):
        """Make a leaf, or a container of some."""
        kind = self.rng.random()
        if depth > 1 or kind > 0.25:
            return self.rng.choice(self.makers)()
        items = [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
        if kind < 0.12:
            self.lists = [*self.lists[-10:], items]
            return items
        return tuple(items) if kind < 0.2 else {1: items}

    def values(self):
        return [self.value() for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3, 4]))]

    def keep(self, made):
        mine = (bocpy.Cown, _core.CownCapsule, _core.BehaviorCapsule, bocpy.Matrix)
        if isinstance(made, mine):
            self.kept = [*self.kept[-30:], made]

    def call_function(self):
        name, function = self.rng.choice(self.targets)
        given, named = self.values(), {}
        if self.rng.random() < 0.15:
            named = {self.rng.choice(KEYWORDS): self.value()}
        print(name, [type(each).__name__ for each in given], *named)
        self.keep(function(*given, **named))

    def call_method(self):
        target = self.rng.choice(self.makers[3:12])()
        name = self.rng.choice(dir(target))
        given = self.values()
        print(type(target).__name__, name, [type(each).__name__ for each in given])
        how = self.rng.random()
        if how < 0.1:
            setattr(target, name, self.value())
        elif how < 0.13:
            delattr(target, name)
        elif name == "schedule":
            self.schedule(target)
        elif callable(member := getattr(target, name)):
            self.keep(member(*given))

    @staticmethod
    def schedule(behavior):
        """Count the behavior in, as who schedules by hand must."""
        if _core.terminator_inc() < 0:
            return
        try:
            behavior.schedule()
        except BaseException:
            _core.terminator_dec()
            raise

    def call_with_time_out(self):
        short = self.rng.choice([0, 0.001])
        call = self.rng.choice(
            [
                lambda: bocpy.receive(self.value(), short),
                lambda: bocpy.receive(self.value(), short, self.value()),
                lambda: bocpy.notice_sync(short),
                lambda: _core.notice_sync_wait(self.value(), short),
                lambda: _core.terminator_wait(short),
            ]
        )
        self.keep(call())

    def step(self):
        how = self.rng.random()
        if how < 0.5:
            self.call_function()
        elif how < 0.95:
            self.call_method()
        else:
            self.call_with_time_out()


class Odd:
    """Answers every question at random, and empties lists while it is pickled."""

    def __init__(self, fuzzer):
        self.fuzzer = fuzzer
        self.rng = fuzzer.rng

    def __index__(self):
        return self.rng.choice([0, 1, -1, 2**70])

    def __len__(self):
        return self.rng.choice([0, 3, 17, -1])

    def __getitem__(self, place):
        if place > 3:
            raise IndexError
        return self.fuzzer.value(2)

    def __iter__(self):
        return iter([self.fuzzer.value(2), self.fuzzer.value(2)])

    def __eq__(self, other):
        return self.rng.random() < 0.5

    def __hash__(self):
        return self.rng.choice([1, 2])

    def __call__(self, *_, **__):
        return self.fuzzer.value(2)

    def __float__(self):
        return self.rng.choice(REALS)

    def __reduce__(self):
        if self.rng.random() < 0.3:
            raise ValueError("odd")
        self.rng.choice(self.fuzzer.lists).clear()
        return int, ()


def call_at_random(seed, calls, faults):
    fuzzer = Fuzzer(seed)
    raised = collections.Counter()
    for number in range(calls):
        try:
            fuzzer.step()
        except BaseException as error:
            raised[type(error).__name__] += 1
            if isinstance(error, SystemError):  # a slot broke its promise to CPython
                faults.append(repr(error))
        if number % 500 == 0:
            gc.collect()
    print(raised)


def main(seed, calls, *options):
    logging.disable()
    if "--running" in options:
        bocpy.start(worker_count=2)
    count = 3 if "--threads" in options else 1
    faults = []
    threads = [
        threading.Thread(
            target=call_at_random, args=(int(seed) + n, int(calls) // count, faults)
        )
        for n in range(count)
    ]
    with contextlib.redirect_stderr(None):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    gc.collect()
    bocpy.wait(30)
    print(*faults, "ended", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main(*sys.argv[1:])
