"""Behaviors of scripts and of several modules in one program, run as a user would."""

from __future__ import annotations

import sys
import textwrap
import zipfile

import pytest

from programs import output_of, run_command, run_program

PLACES = """
import bocpy
from bocpy import *
from bocpy import when as on
import os.path, xml.dom

BASE = 40
counter = 0
results = []

@when()
def at_top():
    return ("top", BASE)

results.append(at_top)

if BASE:
    @when(Cown(1))
    def in_if(c):
        return ("if", c.value + BASE)
    results.append(in_if)

for number in range(2):
    counter += 1
    @bocpy.when(Cown(number))
    def in_for(c):
        return ("for", c.value, number, counter)
    results.append(in_for)

try:
    raise LookupError("caught")
except LookupError as error:
    text = str(error)
    @on()
    def in_except():
        return ("except", text)
    results.append(in_except)

with open(__file__) as source:
    @when()
    def in_with():
        return ("with", os.path.basename("/a/b"), xml.dom.__name__)
    results.append(in_with)

class Holder:
    width = 3
    @when()
    def in_class():
        return ("class",)
    results.append(in_class)

async def coroutine():
    @when()
    def inside():
        return ("async",)
    return inside

try:
    coroutine().send(None)
except StopIteration as ended:
    results.append(ended.value)

if __name__ == "__main__":
    local = [1]
    expected = __file__
    @when(Cown(2))
    def guarded(c):
        local.append(c.value)
        return ("main", local, __name__, __file__ == expected)
    results.append(guarded)
    results.append(when()(lambda: ("lambda", local)))

wait(30)
for result in results:
    with result as value:
        print(value if not result.exception else repr(value))
"""

CLASSES = """
import enum
from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple
from bocpy import Cown, wait, when

class Color(enum.Enum):
    RED = 1
    BLUE = 2

class Level(enum.IntFlag):
    LOW = 1
    HIGH = 2

@dataclass
class Account:
    name: str
    colors: list = field(default_factory=list)

@dataclass(frozen=True, order=True)
class Frozen:
    x: int

class Slotted:
    __slots__ = ("x",)
    def __init__(self, x):
        self.x = x

class Typed(NamedTuple):
    a: int
    b: str = "b"

Named = namedtuple("Named", "p q")

class Words(dict):
    pass

class Failure(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code = code

def double(x):
    return 2 * x

VALUES = [Color.RED, Level.LOW | Level.HIGH, Account("ada", [Color.BLUE]), Frozen(3),
          Typed(1), Named(1, 2), Words(a=1), Account, Color, double]

def check(value):
    @when(Cown(value), Cown([value]))
    def same(single, inside):
        found = single.value
        assert inside.value[0] is not None
        kind = type(found)
        if kind.__module__ == "__main__":
            assert kind is globals()[kind.__name__], kind
        return found, kind.__name__
    return value, same

def main():
    checks = [check(value) for value in VALUES]
    @when(Cown(Slotted(4)))
    def slotted(c):
        assert type(c.value) is Slotted
        c.value.x += 1
        return c.value
    @when()
    def made():
        return [Color.BLUE, Account("made"), Typed(7)]
    @when()
    def failing():
        raise Failure(404, "gone")
    wait(30)
    for value, result in checks:
        with result as (found, kind):
            print(kind, type(found) is type(value), found == value,
                  type(value) is not Color or found is value)
    with slotted as value:
        print(type(value) is Slotted, value.x)
    with made as (color, account, typed):
        print(color is Color.BLUE, account == Account("made"), type(typed) is Typed)
    with failing as failure:
        print(type(failure) is Failure, failure.args, failure.code, failing.exception)

if __name__ == "__main__":
    main()
"""

GLOBALS = """
from bocpy import Cown, wait, when

LIMIT = 3
numbers = [1]
name = "first"
shared = Cown([])
handlers = {"open": lambda: 1}

def helper(x):
    return x + LIMIT

def run():
    global name
    results = []
    @when(shared)
    def one(s):
        s.value.append(name)
        numbers.append(99)
        return name, list(numbers), helper(1)
    results.append(one)
    name = "second"
    numbers.append(2)
    @when(shared)
    def two(s):
        s.value.append(name)
        return name, list(numbers)
    results.append(two)
    @when()
    def through():
        @when(shared)
        def _(s):
            s.value.append("nested")
    @when()
    def unshipped():
        return sorted(handlers)
    results.append(unshipped)
    wait(30)
    for result in results:
        with result as value:
            print(value)
    with shared as value:
        print(sorted(value, key=str))
    print(numbers)

run()
"""

NEW_SYNTAX = {
    (3, 11): """
        def body(limit):
            @when(Cown(2))
            def result(c):
                try:
                    raise ExceptionGroup("both", [ValueError(limit), KeyError(c.value)])
                except* ValueError as values:
                    seen = [e.args[0] for e in values.exceptions]
                except* KeyError as keys:
                    seen += [e.args[0] for e in keys.exceptions]
                return seen
            return result
        results.append((body(5), [5, 2]))
    """,
    (3, 12): """
        def body(limit):
            @when(Cown(2))
            def result[T](c: Cown[T], extra: T = 4) -> T:
                type Pair[K] = tuple[K, int]
                class Box[V]:
                    def get[W](self, w: W) -> W:
                        return w
                def inner[S: int](s: S) -> S:
                    return s + limit
                name = "f"
                return inner(c.value), Box().get(extra), Pair.__name__, f"{f"{name}"}"
            return result
        results.append((body(5), (7, 4, "Pair", "f")))
    """,
    (3, 14): """
        def body(limit):
            @when(Cown(2))
            def result(c: not_defined_anywhere) -> also_nowhere:
                text = t"{limit} and {c.value!r}"
                return [part.value for part in text.interpolations]
            return result
        results.append((body(5), [5, 2]))
    """,
}


def test_behaviors_work_wherever_a_script_puts_them(tmp_path):
    assert output_of(PLACES, tmp_path) == [
        "('top', 40)",
        "('if', 41)",
        "('for', 0, 0, 1)",
        "('for', 1, 1, 2)",
        "('except', 'caught')",
        "('with', 'b', 'xml.dom')",
        "('class',)",
        "('async',)",
        "('main', [1, 2], '__main__', True)",
        "('lambda', [1])",
    ]


def test_values_of_the_classes_of_a_script_are_the_same_everywhere(tmp_path):
    lines = output_of(CLASSES, tmp_path)
    assert [line.split()[1:] for line in lines[:10]] == [["True"] * 3] * 10
    assert lines[10:] == [
        "True 5",
        "True True True",
        "True (404, 'gone') 404 True",
    ]


def test_globals_of_a_script_are_taken_when_scheduling(tmp_path):
    assert output_of(GLOBALS, tmp_path) == [
        "('first', [1, 99], 4)",
        "('second', [1, 2])",
        "['open']",
        "['first', 'nested', 'second']",
        "[1, 2]",
    ]


@pytest.mark.parametrize("version", sorted(NEW_SYNTAX))
def test_newer_syntax_works_in_a_body(tmp_path, version):
    source = textwrap.dedent(NEW_SYNTAX[version])
    if sys.version_info < version:
        with pytest.raises(SyntaxError):
            compile(source, "newer", "exec")
        return
    program = (
        "from bocpy import Cown, wait, when\nresults = []\n"
        + source
        + "wait(30)\nfor result, wanted in results:\n"
        "    with result as value:\n        print(value == wanted, value)\n"
    )
    lines = output_of(program, tmp_path)
    assert len(lines) == 1
    assert lines[0].startswith("True"), lines


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of 3.12")
def test_body_may_use_its_own_type_parameters(tmp_path):
    program = """
        from bocpy import Cown, wait, when

        @when(Cown(2))
        def result[T, *Ts, **P](c: Cown[T]) -> T:
            type Pair[K] = tuple[K, T]
            value: T = c.value
            return T.__name__, Ts.__name__, P.__name__, Pair.__name__, value
        wait(30)
        print(result.value)
        """
    assert output_of(program, tmp_path) == ["('T', 'Ts', 'P', 'Pair', 2)"]


def test_unknown_names_of_a_script_are_told_at_when(tmp_path):
    program = """
        from bocpy import CaptureError, Cown, wait, when

        def body(c):
            return nowhere + c.value

        def caller():
            nowhere = 1
            for schedule in (when(Cown(nowhere)), lambda f: when()(lambda: nowhere2)):
                try:
                    schedule(body)
                except CaptureError as error:
                    print(error, isinstance(error, NameError))

        caller()
        nowhere = 5
        result = when(Cown(1))(body)
        wait(30)
        print(result.value)
        """
    assert output_of(program, tmp_path) == [
        "Cannot resolve capture: nowhere True",
        "Cannot resolve capture: nowhere2 True",
        "6",
    ]


def test_modules_are_told_apart(tmp_path):
    module = textwrap.dedent("""
        from bocpy import Cown, when
        import collections
        prefix = {name!r}
        made = [prefix]
        def schedule(cown):
            @when(cown)
            def same_line(c):
                c.value += 1
                return prefix, made, helper(c.value), __name__
            return same_line
        def helper(x):
            return collections.Counter([prefix] * x)[prefix]
        class Thing:
            def __init__(self, x):
                self.x = x
        """)
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import schedule as deep\n")
    (package / "inner.py").write_text(module.format(name="inner"))
    (tmp_path / "first.py").write_text(module.format(name="first"))
    (tmp_path / "second.py").write_text(module.format(name="second"))
    program = module.format(name="script") + textwrap.dedent("""
        import first, second, pack
        from bocpy import wait
        if __name__ == "__main__":
            cown = Cown(0)
            results = [m(cown) for m in (second.schedule, first.schedule, schedule,
                                         pack.deep, first.schedule)]
            @when(Cown(first.Thing(1)), Cown(Thing(2)))
            def things(a, b):
                return type(a.value) is first.Thing, type(b.value) is Thing
            wait(30)
            for result in [*results, things]:
                with result as value:
                    print(value)
        """)
    assert output_of(program, tmp_path) == [
        "('second', ['second'], 1, 'second')",
        "('first', ['first'], 2, 'first')",
        "('script', ['script'], 3, '__main__')",
        "('inner', ['inner'], 4, 'pack.inner')",
        "('first', ['first'], 5, 'first')",
        "(True, True)",
    ]


def test_package_run_as_a_module_with_relative_imports(tmp_path):
    package = tmp_path / "tool"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("def part(x):\n    return x + 1\n")
    (package / "__main__.py").write_text(
        textwrap.dedent("""
        from bocpy import Cown, wait, when
        from . import parts
        from .parts import part

        @when(Cown(1))
        def result(c):
            return part(parts.part(c.value)), __package__
        wait(30)
        print(result.value)
        """)
    )
    ended = run_command("-m", "tool", cwd=tmp_path)
    assert (ended.code, ended.lines) == (0, ["(3, 'tool')"]), ended.err


def test_classes_of_a_script_have_the_same_cowns_everywhere(tmp_path):
    program = """
        from bocpy import Cown, quiesce, when
        class Frozen(type):
            def __setattr__(self, name, value): raise AttributeError(name)
        class Bank:
            account = Cown(100)
            branches = {"north": Cown(1), "all": [Cown(2)]}
            def __reduce__(self): return Bank, ()
        class Sealed(metaclass=Frozen):
            cown = Cown(5)
        def main():
            seen = Bank.account, Bank.branches["north"], Bank.branches["all"][0]
            sealed = Sealed.cown
            @when(Bank.account, Bank.branches["north"])
            def _(account, north):
                account.value, north.value = 7, 8
            @when(Cown(Bank()))
            def result(bank):
                cowns = (
                    Bank.account,
                    Bank.branches["north"],
                    bank.value.branches["all"][0],
                    Sealed.cown,
                )
                assert cowns == (*seen, sealed)
                return when(list(cowns))(lambda group: [c.value for c in group])
            quiesce()
            print(result.unwrap().unwrap())
        if __name__ == "__main__":
            main()
        """
    assert output_of(program, tmp_path) == ["[7, 8, 2, 5]"]


def test_definitions_of_a_script_may_use_its_cowns(tmp_path):
    program = """
        from bocpy import Cown, wait, when
        account = Cown(1)
        accounts = [account, Cown(2)]
        class Bank:
            main = account
            count = len(accounts)
        def read(cown, default=account): return cown == default == Bank.main
        @when(Cown(Bank()))
        def result(bank):
            return type(bank.value) is Bank, read(account), Bank.count
        wait(30)
        print(result.value)
        """
    ended = run_program(program, tmp_path)
    assert (ended.lines, ended.err) == (["(True, True, 2)"], "")


def test_program_in_an_archive_is_a_program_like_any_other(tmp_path):
    program = """
        from bocpy import Cown, wait, when
        import library
        class Own:
            def __init__(self, number): self.number = number
        def double(number): return 2 * number
        cown = Cown(Own(3))
        @when(cown)
        def mine(c): return type(c.value) is Own, double(c.value.number), __file__
        theirs = library.schedule(cown)
        wait(30)
        print(mine.value, theirs.value)
        """
    library = """
        from bocpy import when
        table = [4]
        def helper(): return table[0]
        def schedule(cown):
            @when(cown)
            def result(c): return helper() + c.value.number
            return result
        """
    archive = tmp_path / "program.pyz"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("__main__.py", textwrap.dedent(program))
        members.writestr("library.py", textwrap.dedent(library))
    ended = run_command(str(archive))
    shown = str(archive / "__main__.py")
    assert (ended.lines, ended.err) == ([f"(True, 6, {shown!r}) 7"], "")


def test_traceback_inside_a_body_shows_file_line_and_text(tmp_path):
    program = """
        import traceback
        from bocpy import wait, when

        @when()
        def result():
            try:
                1 / 0  # the culprit
            except ZeroDivisionError:
                return traceback.format_exc()

        wait(30)
        print(result.value)
        """
    text = "\n".join(output_of(program, tmp_path))
    assert "program.py" in text
    assert "line 8" in text
    assert "1 / 0  # the culprit" in text


def test_module_level_side_effects_happen_once(tmp_path):
    program = """
        import sys
        from bocpy import Cown, start, wait, when
        print("module level")
        made = print("assigned")

        def use():
            return 1

        @when(Cown(1))
        def result(c):
            return c.value + use()
        wait(30)
        print(result.value)
        """
    assert output_of(program, tmp_path) == ["module level", "assigned", "2"]


def test_worker_of_a_script_may_import_what_the_script_could(tmp_path):
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "sibling.py").write_text("VALUE = 7\n")
    program = """
        import sys, pathlib
        sys.path.insert(0, str(pathlib.Path(__file__).parent / "extra"))
        import sibling
        from bocpy import wait, when

        @when()
        def result():
            return sibling.VALUE
        wait(30)
        print(result.value)
        """
    assert output_of(program, tmp_path) == ["7"]


EVASIVE = """
    import weakref
    from bocpy import Cown, wait, when
    class Evasive:
        @property
        def __class__(self):
            raise LookupError("no class")
    evasive = Evasive()
    referent = Evasive()
    dead = weakref.proxy(referent)
    del referent
    class Holder:
        values = [dead, evasive]
    if __name__ == "__main__":
        result = when(Cown(1))(lambda c: c.value)
        wait(30)
        print(result.value)
    """


def test_globals_of_a_script_need_not_tell_their_class(backend, tmp_path):
    assert output_of(EVASIVE, tmp_path) == ["1"]
    ended = run_command("-", stdin=textwrap.dedent(EVASIVE), cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "1\n"), ended.err
