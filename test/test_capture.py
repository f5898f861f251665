"""What a behavior takes along, and how a worker puts it together again."""

import ast
import builtins
import functools
import importlib
import linecache
import logging
import random as rnd
import subprocess
import symtable
import sys
import textwrap
import types
from importlib.machinery import SourceFileLoader
from marshal import dumps, loads
from pathlib import Path
from typing import ClassVar

import pytest

from bocpy import _capture as capture
from bocpy import _modules, _plan, _scan, _starting
from bocpy._origin import Origin, classify_behavior_origin
from bocpy.errors import BehaviorResolveError, CaptureError
from worker_model import SOURCE, Scheduled, run_here, run_in_interpreter

limit = len("four")
table = [1, 2]
counter = 0
square = lambda x: x * limit  # noqa: E731


def helper(x):
    return x + limit


def describe(func):
    return capture.describe(func)


def names(func):
    return describe(func)[capture.GLOBALS]


class TestScanAgainstSymtable:
    """The scan finds the global names that the compiler's symbol table knows."""

    SAMPLES: ClassVar = {
        "locals": "def f(a, /, b, *c, d, **e): return a, b, c, d, e, free",
        "comprehension": "def f(): return [i for i in src if i], {k: v for k, v in m}",
        "inlined": "def f():\n x = 1\n return [x for x in src], x",
        "lambda": "def f(): return lambda x, *y: x + y + z",
        "nested": "def f():\n y = 1\n def g(): return y + z\n return g",
        "class": "def f():\n class C(Base):\n  a = outer\n  b = a\n return C",
        "walrus": "def f(): return [y := i for i in src], y",
        "with": "def f():\n with opener() as (a, b): return a, b",
        "except": "def f():\n try: return g()\n except Oops as e: return e",
        "import": "def f():\n import os.path\n from m import n as p\n return os, p",
        "global": "def f():\n global g\n g = h\n return g",
        "nonlocal": "def f():\n n = 1\n def g():\n  nonlocal n\n  n = m\n return g",
        "super": "class K(Base):\n def f(self): return super().f() + z",
        "match": "def f(x):\n match x:\n  case [a, *b]: return a, b\n  case P(q=r): "
        "return r\n  case {'k': s, **t}: return s, t\n  case N.v | _: return w",
        "loops": "def f():\n for i, (j, k) in src: pass\n else: i = j, k\n"
        " while cond: del i",
        "defaults": "def f():\n def g(x=d, *, y: ann = e): return x, y\n return g",
        "decorator": "def f():\n @deco(arg)\n def g(): pass\n return g",
        "async": "def f():\n async def g():\n  async with a as b:\n   return [c async "
        "for c in d]\n return g",
        "fstring": "def f(x): return f'{x!r:>{width}} {other.attribute}'",
        "attributes": "def f(x): return x.append(module.member.deep)",
        "conditional": "def f():\n if t:\n  v = 1\n return v or u",
        "star": "def f(): return [*a, *b], {**c}",
        "unpack": "def f():\n a, *b = src\n a.x, b[i] = y\n return a",
        "many": "def f():\n return " + ", ".join(f"name{i}" for i in range(300)),
    }
    if sys.version_info >= (3, 11):
        SAMPLES["except star"] = "def f():\n try: g()\n except* Oops as e: return_it(e)"
    if sys.version_info >= (3, 12):
        SAMPLES["type parameters"] = (
            "def f():\n def g[T: Bound](x: T) -> T: return x + y\n"
            " class C[S](Base[S]):\n  a = S, z\n  def m(self): return a\n"
            " type A[U] = list[U]\n return g, C, A"
        )
    if sys.version_info >= (3, 14):
        SAMPLES["template"] = "def f(x): return t'{x} {free.attribute}'"

    @pytest.mark.parametrize("name", SAMPLES)
    def test_scan(self, name):
        source = self.SAMPLES[name]
        table = symtable.symtable(source, "sample", "exec").get_children()
        table = next(t for t in table if t.get_name() in "fK")
        code = compile(source, "sample", "exec", dont_inherit=True)
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType))
        found = _scan.global_use(code, annotations=True)
        assert found.loads | found.stores == self.globals_in(table)

    def globals_in(self, table):
        found = {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_global() and (symbol.is_referenced() or symbol.is_assigned())
        }
        for child in table.get_children():
            found |= self.globals_in(child)
        # The compiler adds these for super(), class bodies and lazy annotations.
        return found - {"__class__", "__classdict__", "__conditional_annotations__"}

    def test_a_class_that_reads_what_it_assigns_may_need_the_global(self):
        def f():
            class C:
                limit = limit

            return C

        assert _scan.global_use(f.__code__).maybe == {"limit"}

    def test_annotations_of_locals_are_no_requirement(self):
        def f():
            x: nowhere = 1  # noqa: F821
            return x

        assert _scan.global_use(f.__code__).loads == set()

    def test_lazy_annotations_are_no_requirement(self):
        space = {}
        source = "def f():\n class C:\n  x: Unknown\n return C"
        if sys.version_info < (3, 14):
            source = "from __future__ import annotations\n" + source
        exec(compile(source, "s", "exec", dont_inherit=True), space)  # noqa: S102
        assert "Unknown" not in _scan.global_use(space["f"].__code__).loads


@pytest.fixture(autouse=True)
def starter(monkeypatch):
    """Be the module that started the runtime."""
    monkeypatch.setattr(_modules.state, "starter", __name__)


class TestDescription:
    def test_parameters(self):
        def body(a, /, b, *rest, k=1, **more):
            return a, b, rest, k, more

        found = describe(body)
        assert found[capture.POSITIONAL] == 2
        assert found[capture.VARARGS] is True
        assert found[capture.KWONLY] == ("k",)
        assert found[capture.MODULE] == __name__

    def test_data_of_the_starting_module_travels(self):
        def body():
            return limit, table, helper, rnd, len, Path

        assert names(body) == ("limit", "table")

    def test_names_in_nested_code_travel(self):
        def body():
            def inner():
                return [limit for _ in table]

            return inner

        assert names(body) == ("limit", "table")

    def test_dunders_and_builtins_do_not_travel(self):
        def body():
            return __name__, __file__, __doc__, print, ValueError, NotImplemented

        assert names(body) == ()

    def test_rebound_globals_belong_to_the_worker(self):
        def body():
            global counter  # noqa: PLW0603
            counter += limit

        found = describe(body)
        assert found[capture.STORES] == ("counter",)
        assert found[capture.GLOBALS] == ("limit",)

    def test_a_library_keeps_its_globals(self):
        assert describe(textwrap.dedent)[capture.GLOBALS] == ()
        content = loads(describe(textwrap.dedent)[capture.BLOB])  # noqa: S302
        assert isinstance(content, types.CodeType)

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("async def body(): pass", "async function"),
            ("async def body(): yield", "async function"),
            ("def body(): yield", "generator function"),
        ],
    )
    def test_shapes_that_cannot_run_once(self, source, text):
        space = {"__name__": "nowhere"}
        exec(source, space)  # noqa: S102
        with pytest.raises(SyntaxError, match=rf"{text}.*body \(<string>:1\)"):
            describe(space["body"])

    def test_a_lost_nonlocal_is_an_error(self):
        total = 0

        def body():
            def deep():
                nonlocal total
                total += 1

            deep()

        with pytest.raises(SyntaxError, match=r"rebind 'total'.*cown"):
            describe(body)
        assert total == 0

    def test_a_comprehension_variable_is_no_lost_nonlocal(self):
        total = 5

        def body():
            return [lambda: total for total in range(2)], total  # noqa: B023

        assert len(run_here(body)[0]) == 2

    def test_nonlocal_inside_the_body_is_fine(self):
        def body():
            total = 0

            def deep():
                nonlocal total
                total += 1

            deep()
            return total

        assert run_here(body) == 1

    def test_keyword_only_parameters_need_a_default(self):
        def body(c, *, k):
            return c, k

        with pytest.raises(TypeError, match=r"'k'.*k=k"):
            describe(body)

    def test_bodies_at_two_places_have_two_keys(self):
        one, two = (lambda c: c + 1), (lambda c: c + 1)
        assert describe(one)[capture.KEY] == describe(one)[capture.KEY]
        moved = one.__code__.replace(co_firstlineno=1)
        other = types.FunctionType(moved, globals(), "other")
        assert describe(one)[capture.KEY] != describe(other)[capture.KEY]
        assert two


class TestCanonicalKey:
    CODE = compile("def f(x): return lambda: (x, 'a', 1.0, (1, 2))", "a", "exec")

    def test_place_and_file_do_not_matter(self):
        code = self.CODE
        moved = code.replace(co_filename="b", co_firstlineno=7)
        assert _scan.canonical_key(code) == _scan.canonical_key(moved)
        assert len(_scan.canonical_key(code)) == 32

    def test_it_survives_marshal(self):
        again = loads(dumps(self.CODE))  # noqa: S302
        assert _scan.canonical_key(again) == _scan.canonical_key(self.CODE)

    def test_module_and_nested_code_matter(self):
        keys = {
            _scan.canonical_key(self.CODE),
            _scan.canonical_key(self.CODE, "m"),
            _scan.canonical_key(self.CODE, "n"),
            _scan.canonical_key(
                compile("def f(x): return lambda: (x, 'a', 1, (1, 2))", "a", "exec")
            ),
        }
        assert len(keys) == 4


class TestUndecorated:
    def test_a_wrapper_is_taken_off_with_one_warning(self, caplog):
        def decorator(func):
            @functools.wraps(func)
            def wrapper(*args):
                return func(*args)

            return wrapper

        @decorator
        @decorator
        def body(c):
            return c

        with caplog.at_level(logging.WARNING, "behaviors"):
            plain = capture.undecorated(body)
        assert plain.__code__.co_varnames == ("c",)
        assert len(caplog.records) == 1
        assert "test_capture.py" in caplog.text

    def test_static_methods_have_their_function(self):
        assert capture.undecorated(staticmethod(helper)) is helper

    def test_attributes_are_no_decoration(self, caplog):
        def body(c):
            return c

        body.tag = 1
        assert capture.undecorated(body) is body
        assert not caplog.records

    @pytest.mark.parametrize("thing", [len, functools.partial(helper), [].append, 5])
    def test_what_has_no_function_is_refused(self, thing):
        with pytest.raises(TypeError, match=type(thing).__name__):
            capture.undecorated(thing)


class TestHere:
    """Bind and run in the interpreter that described."""

    def test_cells_defaults_and_globals(self):
        local = 5

        def body(c, d=7, *, k=local + 3):
            nested = [limit for _ in range(2)]
            return c + local + d + k, nested, helper(1), table

        assert run_here(body, 1) == (21, [4, 4], 5, [1, 2])

    def test_a_default_and_a_capture_keep_their_places(self):
        first, second = "first", "second"

        def body(c, d=first):
            return d, second

        assert run_here(body, 1) == ("first", "second")

    def test_surplus_cowns_take_the_places_of_defaults(self):
        def body(a, b=10, *rest):
            return a, b, rest

        assert run_here(body, 1) == (1, 10, ())
        assert run_here(body, 1, 2, 3) == (1, 2, (3,))

    def test_values_are_those_of_the_schedule(self):
        made = []
        for i in range(3):

            def body():
                return i  # noqa: B023

            made.append(Scheduled(body))
        from worker_model import run  # noqa: PLC0415

        assert [run(s.description, s.values) for s in made] == [0, 1, 2]

    def test_captures_are_copies(self):
        data = [1]

        def body():
            data.append(2)
            table.append(3)
            return data, table

        assert run_here(body) == ([1, 2], [1, 2, 3])
        assert data == [1]
        assert table == [1, 2]

    def test_an_empty_cell_has_no_value(self):
        def body():
            return late

        with pytest.raises(CaptureError, match="Cannot resolve capture: late"):
            run_here(body)
        late = 1
        assert run_here(body) == late

    @pytest.mark.parametrize("kind", [NameError, RuntimeError])
    def test_an_unknown_name_is_both_errors(self, kind):
        def body():
            return nowhere  # noqa: F821

        with pytest.raises(kind, match="Cannot resolve capture: nowhere"):
            run_here(body)

    def test_scope_is_lexical(self):
        def body():
            return dynamic  # noqa: F821

        def caller(dynamic):
            return run_here(body)

        with pytest.raises(CaptureError):
            caller(1)

    def test_globals_that_a_body_stores_are_kept(self):
        def body():
            global counter  # noqa: PLW0603
            counter += limit
            return counter

        before = counter
        assert run_here(body) == before + limit
        assert counter == before + limit

    def test_without_values_the_namespace_is_the_module(self):
        def body():
            return helper

        found = describe(body)
        _, space, home, refresh = capture.bind(
            *found[:2], found[capture.BLOB], found[capture.GLOBALS], ()
        )
        assert space is home is globals()
        assert refresh == ()

    def test_with_values_it_holds_only_what_is_used(self):
        def body():
            return helper(limit)

        found = describe(body)
        _, space, home, _ = capture.bind(
            *found[:2], found[capture.BLOB], found[capture.GLOBALS], ()
        )
        assert home is globals()
        assert "table" not in space
        assert space["helper"] is helper
        assert space["__name__"] == __name__
        assert space["__builtins__"] is vars(builtins)

    def test_every_syntax(self):
        def body(c, /, *, k=1):
            import os.path  # noqa: PLC0415

            try:
                raise ValueError(k)  # noqa: TRY301
            except ValueError as error:
                seen = error.args

            class Inner:
                value = limit

                def method(self):
                    return super().__hash__, self.value

            match [c, (seen, k)]:
                case [first, (*_, last)]:
                    found = first, last
            pair = lambda x, *y: (x, y)  # noqa: E731
            return found, Inner().method()[1], os.path.sep, pair(1, 2)

        assert run_here(body, 0) == ((0, 1), 4, "/", (1, (2,)))

    def test_zero_argument_super(self):
        class Base:
            def name(self):
                return "base"

        class Derived(Base):
            def name(self):
                def body():
                    return super(Derived, self).name()

                return body

        assert describe(Derived().name())[capture.FREE] == (
            "Derived",
            "__class__",
            "self",
        )

    def test_a_module_that_does_not_load_is_named(self):
        def body():
            return limit

        found = list(describe(body))
        with pytest.raises(BehaviorResolveError, match=r"'no_such'.*abc") as caught:
            capture.bind("abc", "no_such", found[capture.BLOB], (), ())
        assert isinstance(caught.value.__cause__, ImportError)

    def test_refusing_extensions_are_explained(self):
        error = ImportError(
            "module fancy._speed does not support loading in subinterpreters"
        )
        text = _modules.explain(error)
        assert "'fancy._speed'" in text
        assert 'start(backend="threads")' in text
        assert "BOCPY_BACKEND=threads" in text


class TestWithoutModule:
    """Code whose namespace no worker can import."""

    def make(self, source, **values):
        space = {"__name__": "adrift", **values}
        exec(textwrap.dedent(source), space)  # noqa: S102
        return space["body"]

    def abroad(self, func, *arguments):
        from worker_model import run  # noqa: PLC0415

        scheduled = Scheduled(func, arguments, abroad=True)
        return run(scheduled.description, scheduled.values, arguments)

    def test_everything_travels(self):
        body = self.make(
            """
            import random as rnd
            from collections import OrderedDict
            data = [1, 2]
            def fact(n): return 1 if n < 2 else n * fact(n - 1)
            def even(n): return n == 0 or odd(n - 1)
            def odd(n): return n > 0 and even(n - 1)
            def make(n): return lambda x, y=n: (x, y, n, fact)
            shipped = make(3)
            def body(c):
                global stored
                stored = 1
                return (fact(5), even(7), data, rnd.__name__, OrderedDict(),
                        shipped(1)[:3], shipped(1)[3](4), __name__, stored)
            """
        )
        assert self.abroad(body, 1) == (
            (120, False, [1, 2], "random", {}, (1, 3, 3), 24, "adrift", 1)
        )

    def test_missing_names_have_no_value(self):
        body = self.make("def body(): return absent")
        with pytest.raises(CaptureError, match="absent"):
            self.abroad(body)

    def test_a_session_class_is_refused_by_name(self):
        source = "class Local: pass\ndef body(): return Local"
        body = self.make(source, __name__="__main__")
        with pytest.raises(CaptureError, match="Local"):
            self.abroad(body)

    def test_the_label_is_the_key(self):
        body = self.make("def body(): return 1")
        label = loads(describe(body)[capture.BLOB])[1]  # noqa: S302
        assert label == f"<behavior:{_scan.canonical_key(body.__code__, 'adrift')}>"


class Handle:
    """Stands for a cown: what tells cowns apart is their type."""


@pytest.fixture
def cowns(monkeypatch):
    """Let ``Handle`` be the type of cowns."""
    core = types.SimpleNamespace(CownCapsule=Handle)
    monkeypatch.setitem(sys.modules, "bocpy._core", core)


@pytest.mark.usefixtures("cowns")
class TestCowns:
    SOURCE = """
        direct = Handle()
        through_helper = Handle()
        later = None
        number = 5
        def deep(): return through_helper
        def helper(): return deep(), number
        class Keeper:
            def use(self): return later
        def body():
            return direct, helper(), Keeper()
    """

    def flags(self, tmp_path, monkeypatch, name):
        path = tmp_path / f"{name}.py"
        source = "from test_capture import Handle\n" + textwrap.dedent(self.SOURCE)
        path.write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        module = importlib.import_module(name)
        found = describe(module.body)
        return dict(
            zip(found[capture.GLOBALS], found[capture.FLAGS], strict=True)
        ), found

    def test_a_library_gets_handles_of_what_its_helpers_reach(
        self, tmp_path, monkeypatch
    ):
        flags, found = self.flags(tmp_path, monkeypatch, "library_with_cowns")
        handle = _plan.HANDLE | _plan.PUBLISH
        assert flags == dict.fromkeys(("direct", "through_helper", "later"), handle)
        module = sys.modules["library_with_cowns"]
        bound = capture.bind(*found[:2], found[capture.BLOB], tuple(flags), ())
        assert bound[1] is bound[2] is vars(module)

    def test_the_starting_module_sends_direct_names_by_value(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(_modules.state, "starter", "starter_with_cowns")
        flags, _ = self.flags(tmp_path, monkeypatch, "starter_with_cowns")
        handle = _plan.HANDLE | _plan.PUBLISH
        by_value = _plan.PUBLISH | _plan.OPTIONAL
        assert flags == {
            "direct": by_value,
            "through_helper": handle,
            "later": handle,
        }

    def test_workers_take_cowns_from_the_live_module(self, tmp_path, monkeypatch):
        self.flags(tmp_path, monkeypatch, "live_cowns")
        _, live = _starting.describe_main("live_cowns")
        names = [(module, name) for module, name, _ in live]
        assert ("live_cowns", "direct") in names
        assert ("live_cowns", "through_helper") in names
        assert ("live_cowns", "number") not in names


class TestOrigin:
    def test_origins(self):
        def func():
            pass

        assert classify_behavior_origin(func) is Origin.IMPORTABLE
        func.__module__ = "__main__"
        assert classify_behavior_origin(func) is Origin.MAIN_WITH_SOURCE
        func.__module__ = "no_such_module"
        assert classify_behavior_origin(func) is Origin.INTERACTIVE
        func.__module__ = "__main__"
        func.__code__ = func.__code__.replace(co_filename="<stdin>")
        assert classify_behavior_origin(func) is Origin.INTERACTIVE


def test_rewritten_asserts_are_compiled_again():
    def body(c):
        assert c == limit, "different"
        return c

    assert run_here(body, 4) == 4
    with pytest.raises(AssertionError, match="different"):
        run_here(body, 5)
    assert all(name.isidentifier() for name in names(body))


def test_tracebacks_find_their_source():
    label = _modules.main_label("__main__", __file__)
    linecache.checkcache()
    loader = SourceFileLoader("__main__", __file__)
    space = {"__name__": "__main__", "__loader__": loader, "__spec__": None}
    assert linecache.lazycache(label, space)
    first = Path(__file__).read_text(encoding="utf-8").partition("\n")[0]
    assert linecache.getline(label, 1) == first + "\n"


@pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="interpreters share, and break, the state of extension modules",
)
def test_a_real_interpreter_runs_what_is_described():
    local = 3

    def body(c):
        return c + local, limit, helper(1), __name__

    assert run_in_interpreter(body, 1) == (4, 4, 5, __name__)


def test_binding_needs_no_compiler_modules():
    """A worker's start must stay cheap."""
    child = (
        "import sys; sys.path[:0] = [{!r}]; import bocpy; before = set(sys.modules)\n"
        "from bocpy import _capture, worker\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", child.format(SOURCE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & {"ast", "inspect", "dis", "symtable", "tokenize", "enum"}
