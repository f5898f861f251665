"""What a worker executes of the program, and what it then finds."""

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bocpy import _modules
from bocpy._reduce import GUARDED, IMPORTING, MIXED, reduce_source
from programs import environment
from worker_model import SOURCE

HERE = str(Path(__file__).parent)


def reduce(source):
    return reduce_source(textwrap.dedent(source), "script.py", "label")


def kept(source):
    """Return the text of the statements that workers execute."""
    found = reduce(source)
    return ast.unparse(ast.fix_missing_locations(ast.Module(list(found.lines), [])))


def same(source, expected):
    tree = ast.parse(textwrap.dedent(expected))
    assert kept(source) == ast.unparse(tree)


class TestStatements:
    def test_definitions_and_constants_stay(self):
        source = """
            import os.path
            from sys import path as p
            class K: pass
            def f(): pass
            async def g(): pass
            x = 42
            y = [1, -2, {'a': (None, 3.5)}]
            a = b = 'q'
        """
        same(source, source)

    def test_what_runs_the_program_goes(self):
        same("'doc'\nprint()\nx += 1\nfor i in x: pass\nlow = make()\ndel x\n", "")

    def test_upper_case_names_are_evaluated(self):
        same(
            "A = make()\nB = C = make()\nD, E = make()\nF: int = make()\n",
            ("A = make()\nD, E = make()\nF = make()"),
        )

    def test_behaviors_go_under_every_name_of_when(self):
        same(
            """
            import bocpy as b
            from bocpy import when as w
            @w(c)
            def one(c): pass
            @b.when(c)
            def two(c): pass
            @other
            def three(c): pass
            """,
            """
            import bocpy as b
            from bocpy import when as w
            @other
            def three(c): pass
            """,
        )

    def test_a_class_keeps_everything_but_behaviors_of_its_body(self):
        same(
            """
            class K:
                n: int = make()
                @when(c)
                def gone(c): pass
                def stays(self):
                    @when(c)
                    def inner(c): pass
            """,
            """
            class K:
                n: int = make()
                pass
                def stays(self):
                    @when(c)
                    def inner(c): pass
            """,
        )

    def test_lower_case_names_stay_when_something_kept_needs_them(self):
        source = """
            import os
            unused = os.getpid()
            base = os.getpid()
            more = base + 1
            typed: int = more
            first, second = os.path.split('a/b')
            def f(): return [typed for _ in second]
        """
        same(source, source.replace("unused = os.getpid()", "").replace(": int", ""))

    def test_classes_made_by_calls_stay(self):
        source = """
            import collections, enum
            Point = collections.namedtuple('Point', 'x y')
            Color = enum.Enum('Color', 'RED')
            Made = type('Made', (), {})
        """
        same(source + "    kind = type(5)\n", source)

    def test_what_schedules_or_makes_cowns_is_not_evaluated(self):
        found = reduce(
            """
            from bocpy import Cown, Matrix, when
            def make(): return Cown(1)
            class Bank:
                def __init__(self): self.total = make()
            bank = Bank()
            CELL = Cown(2)
            ZERO = Matrix(2, 2)
            def f(): return bank, CELL
            """
        )
        assert found.kept == {"ZERO"}
        assert found.live == {"bank", "CELL"}

    def test_what_is_changed_later_is_asked_for(self):
        found = reduce(
            """
            table = {}
            for i in range(9): table[i] = i
            names = []
            names.append(1)
            with opener() as handle: pass
            def f(): return table, names, handle
            """
        )
        assert found.live == {"table", "names", "handle"}

    def test_rebound_names_are_known(self):
        found = reduce("n = 0\ndef f():\n    global n\n    n += 1\n")
        assert found.names.rebound == {"n"}


class TestBlocks:
    def test_conditional_definitions_stay(self):
        source = """
            import sys
            if sys.version_info >= (3, 11):
                import tomllib
            else:
                tomllib = None
            try:
                import numpy as np
                FAST = True
            except ImportError as error:
                np = None
            else:
                def use(): pass
            finally:
                pass
            if not FAST:
                raise SystemExit
            with open('x'):
                import json
        """
        gone = "            if not FAST:\n                raise SystemExit\n"
        same(source, source.replace(gone, ""))

    def test_what_a_block_does_besides_goes(self):
        same(
            """
            try:
                import fast
                print('fast')
            except ImportError:
                print('slow')
                raise
            """,
            """
            try:
                import fast
            except ImportError:
                raise
            """,
        )

    def test_type_checking_imports_are_not_made(self):
        source = """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                import no_such_module
            def f() -> 'no_such_module.T': pass
        """
        space = {}
        for step in reduce(source).steps:
            exec(step.code, space)  # noqa: S102
        assert callable(space["f"])

    def test_branches_that_bind_data_stay_when_needed(self):
        source = """
            import sys
            if sys.platform == 'win32':
                sep = ';'
            else:
                sep = ':'
        """
        same(source, "import sys")
        needed = source + "    def f(): return sep\n"
        same(needed, needed)

    @pytest.mark.parametrize(
        "guard",
        [
            "__name__ == '__main__'",
            "'__main__' == __name__",
            "__name__ == '__main__' and x",
        ],
    )
    def test_the_main_block_goes(self, guard):
        same(f"if {guard}:\n    import argparse\n    run()\n    x = 1\n", "")

    def test_classes_of_the_main_block_stay_with_what_they_need(self):
        same(
            """
            if __name__ == '__main__':
                import enum, argparse
                size = 3
                class Color(enum.Enum):
                    RED = size
                run()
            """,
            """
            import enum, argparse
            size = 3
            class Color(enum.Enum):
                RED = size
            """,
        )

    def test_imports_decide_about_the_start(self):
        found = reduce(
            """
            import os
            try:
                import sys
            except ImportError: pass
            class K: pass
            A = 1
            """
        )
        assert [s.mode for s in found.steps] == [IMPORTING, MIXED, GUARDED, GUARDED]

    def test_future_imports_hold_for_all(self):
        found = reduce("from __future__ import annotations\nclass K:\n    x: Unknown\n")
        space = {"__name__": "k"}
        for step in found.steps:
            exec(step.code, space)  # noqa: S102
        assert space["K"].__annotations__ == {"x": "Unknown"}

    def test_lines_are_those_of_the_file(self):
        found = reduce("\n\n\ndef f():\n\n    return 1\n")
        space = {}
        exec(found.steps[0].code, space)  # noqa: S102
        assert space["f"].__code__.co_firstlineno == 4
        assert space["f"].__code__.co_filename == "label"


def program(tmp_path, source, *args, name="script.py", **files):
    """Run a script that uses the model; returns the lines it prints."""
    for file, text in files.items():
        path = tmp_path / (file.replace("__dot__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *(args or (str(path),))],
        cwd=tmp_path,
        env=environment(PYTHONPATH=f"{SOURCE}{os.pathsep}{HERE}"),
        input=textwrap.dedent(source) if args == ("-",) else "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_script_has_one_identity_for_its_classes(tmp_path):
    lines = program(
        tmp_path,
        """
        import dataclasses, enum, typing
        from worker_model import run_in_worker
        class Color(enum.Enum):
            RED = 1
        @dataclasses.dataclass
        class Pair:
            a: int
            b: 'Color'
        class Named(typing.NamedTuple):
            a: int
        class Oops(Exception):
            def __init__(self, code, more): super().__init__(code, more)
        def make(): return Pair(1, Color.RED)
        if __name__ == '__main__':
            class Late(Pair): pass
            def body(color, pair, named, oops, late):
                import sys
                here = sys.modules['__main__']
                return (color is Color.RED, type(pair) is Pair is here.Pair,
                        type(named) is Named, type(oops) is Oops, type(late) is Late,
                        make() == pair, sys.modules['__bocmain__'] is here,
                        pair, Named(5).a)
            print(run_in_worker(body, Color.RED, Pair(1, Color.RED), Named(1),
                                Oops(1, 2), Late(3, Color.RED)))
        """,
    )
    assert lines == [
        "(True, True, True, True, True, True, True, Pair(a=1, b=<Color.RED: 1>), 5)"
    ]


def test_dunders_are_those_of_the_script(tmp_path):
    lines = program(
        tmp_path,
        """
        '''The doc.'''
        from worker_model import run_in_worker
        def helper(): return __name__, __file__, __doc__, __package__
        def body(): return helper() == (__name__, __file__, __doc__, __package__)
        def direct(): return __name__, __doc__, __package__, __spec__
        if __name__ == '__main__':
            print(run_in_worker(body), run_in_worker(direct))
        """,
    )
    assert lines == ["True ('__main__', 'The doc.', None, None)"]


def test_a_package_is_run_as_a_program(tmp_path):
    lines = program(
        tmp_path,
        """
        from worker_model import run_in_worker
        from . import sibling
        from .sibling import value
        def helper(): return sibling.value + value
        def body(): return helper(), __name__, __package__, __spec__.name
        if __name__ == '__main__':
            print(run_in_worker(body))
        """,
        "-m",
        "pkg.prog",
        name="pkg/prog.py",
        pkg__dot____init__="",
        pkg__dot__sibling="value = 21",
    )
    assert lines == ["(42, '__main__', 'pkg', 'pkg.prog')"]


@pytest.mark.parametrize("how", [("-c",), ("-",)])
def test_a_program_without_source_ships_what_it_uses(tmp_path, how):
    source = """
        import worker_model, random as rnd
        from os.path import join
        data = {'a': [1]}
        def fact(n): return 1 if n < 2 else n * fact(n - 1)
        def body(x):
            return rnd.__name__, join('a', 'b'), data, fact(x), __name__
        print(worker_model.run_in_worker(body, 5))
    """
    args = ("-c", textwrap.dedent(source)) if how == ("-c",) else how
    lines = program(tmp_path, source, *args)
    expected = ("random", str(Path("a") / "b"), {"a": [1]}, 120, "__main__")
    assert lines == [str(expected)]


def test_a_class_without_source_is_refused(tmp_path):
    source = """
        import worker_model
        class Local: pass
        def body(): return Local()
        try: worker_model.run_in_worker(body)
        except NameError as error: print(error)
    """
    lines = program(tmp_path, source, "-c", textwrap.dedent(source))
    assert len(lines) == 1
    assert "Cannot resolve capture: Local" in lines[0]


def test_tracebacks_show_the_file_and_the_line(tmp_path):
    lines = program(
        tmp_path,
        """
        from worker_model import run_in_worker, WorkerError
        def helper(x):
            return 1 / x  # in the helper
        def body(x):
            return helper(x)  # in the body
        if __name__ == '__main__':
            try:
                run_in_worker(body, 0)
            except WorkerError as error:
                print(error.args[0])
        """,
    )
    text = "\n".join(lines)
    path = tmp_path / "script.py"
    label = _modules.main_label("__main__", str(path))
    assert f'File "{label}", line 6, in body' in text
    assert "return helper(x)  # in the body" in text
    assert f'File "{label}", line 4, in helper' in text
    assert "return 1 / x  # in the helper" in text
    assert str(path) in text
    assert "<bocpy:__bocmain__>" in text


def test_the_search_path_goes_along(tmp_path):
    lines = program(
        tmp_path,
        """
        import sys
        sys.path.append('deep')
        import far
        from worker_model import run_in_worker
        def body(): return far.value, sys.argv[1:]
        if __name__ == '__main__':
            sys.argv.append('x')
            print(run_in_worker(body))
        """,
        deep__dot__far="value = 7",
    )
    assert lines == ["(7, ['x'])"]


def test_globals_of_the_worker_last(tmp_path):
    lines = program(
        tmp_path,
        """
        from worker_model import run_in_worker
        count = 0
        limit = int('10')
        def helper(): return count
        def body():
            global count
            count += limit
            return count, helper()
        if __name__ == '__main__':
            print(run_in_worker(body, times=3), count)
        """,
    )
    assert lines == ["(30, 30) 0"]


def test_values_that_do_not_cross_are_made_by_the_worker(tmp_path):
    lines = program(
        tmp_path,
        """
        import threading
        from worker_model import run_in_worker
        LOCK = threading.Lock()
        late = threading.Lock()
        def body():
            with LOCK: return type(LOCK).__name__
        if __name__ == '__main__':
            def refused(): return late
            print(run_in_worker(body))
            try: run_in_worker(refused)
            except TypeError as error: print(error)
        """,
    )
    assert lines[0] == "lock"
    assert "lock" in lines[1]


def test_a_failing_statement_leaves_only_its_names_unbound(tmp_path):
    lines = program(
        tmp_path,
        """
        from worker_model import run_in_worker, WorkerError
        import sys
        low = sys.stdin.fileno()
        SIZE = 5 if __name__ == '__main__' and 'script' in sys.argv[0] else 0
        if not hasattr(sys, 'primary_of_test'):
            TOOL = None
        class Odd(low.__class__ if hasattr(sys, 'nothing') else object): pass
        BROKEN = sys.only_here if hasattr(sys, 'only_here') else missing()
        def body(): return SIZE
        if __name__ == '__main__':
            print(run_in_worker(body))
        """.replace("missing()", "(sys.argv or missing)"),
    )
    assert lines == ["5"]


def test_an_import_that_fails_ends_the_start_with_its_reason(tmp_path):
    lines = program(
        tmp_path,
        """
        import sys
        from worker_model import run_in_worker, WorkerError
        import only_once
        def body(): return 1
        if __name__ == '__main__':
            sys.argv.append('worker')
            try: run_in_worker(body)
            except WorkerError as error: print(error.args[0])
        """,
        only_once="import sys\nif 'worker' in sys.argv: raise ImportError('not here')",
    )
    text = "\n".join(lines)
    assert "worker bootstrap failed loading user module '__main__'" in text
    assert "ImportError: not here" in text
    assert "line 4, in <module>" in text
    assert "import only_once" in text


class TestStarter:
    """The runtime is started by a module that is not the program."""

    LIBRARY = """
        import threading
        from worker_model import run_in_worker
        from bocpy import _starting
        limit = len('four')
        lock = threading.Lock()
        print_once = []
        class Thing: pass
        def helper(): return limit
        def go(path=None):
            def body(): return helper(), limit, __name__, type(lock).__name__, Thing()
            payload, live = _starting.describe_main(__name__, path)
            return run_in_worker(body, payload=payload)
    """

    def test_an_importable_module_is_imported(self, tmp_path):
        lines = program(
            tmp_path,
            """
            import lib
            class Late: pass
            if __name__ == '__main__':
                result = lib.go()
                print(result[:4], type(result[4]) is lib.Thing)
            """,
            lib=self.LIBRARY,
        )
        assert lines == ["(4, 4, 'lib', 'lock') True"]

    def test_another_module_is_reduced_under_its_name(self, tmp_path):
        lines = program(
            tmp_path,
            """
            import importlib.util, sys
            if __name__ == '__main__':
                spec = importlib.util.spec_from_file_location('odd', 'deep/lib.py')
                odd = importlib.util.module_from_spec(spec)
                sys.modules['odd'] = odd
                spec.loader.exec_module(odd)
                odd.lock = 5
                result = odd.go()
                print(result[:4], type(result[4]) is odd.Thing)
            """,
            deep__dot__lib=self.LIBRARY,
        )
        assert lines == ["(4, 4, 'odd', 'int') True"]

    def test_the_program_is_loaded_when_first_needed(self, tmp_path):
        lines = program(
            tmp_path,
            """
            import sys
            import lib
            from worker_model import run_in_worker
            from bocpy import _starting
            class Late: pass
            def body(x): return type(x) is Late
            def idle(): return 'Late' in vars(sys.modules['__main__'])
            if __name__ == '__main__':
                payload, _ = _starting.describe_main('lib')
                print(run_in_worker(lib.idle, payload=payload))
                print(run_in_worker(lib.kind, Late(), payload=payload))
            """,
            lib="""
                import sys
                def idle(): return 'Late' in vars(sys.modules['__main__'])
                def kind(x): return type(x).__qualname__, type(x).__module__
            """,
        )
        assert lines == ["False", "('Late', '__main__')"]

    def test_a_missing_source_is_an_error(self, tmp_path):
        from bocpy._starting import describe_main  # noqa: PLC0415

        with pytest.raises(FileNotFoundError):
            describe_main("nowhere", str(tmp_path / "nowhere.py"))

    def test_a_broken_source_is_an_error(self, tmp_path):
        from bocpy._starting import describe_main  # noqa: PLC0415

        path = tmp_path / "broken.py"
        path.write_text("def")
        with pytest.raises(SyntaxError, match=r"Error parsing .*broken\.py"):
            describe_main("broken", str(path))


def test_a_behavior_of_a_library_sees_its_module(tmp_path):
    lines = program(
        tmp_path,
        """
        import lib
        from worker_model import run_in_worker
        def start(): pass
        if __name__ == '__main__':
            from bocpy import _starting
            payload, _ = _starting.describe_main()
            lib.low[0] = 5
            print(run_in_worker(lib.body, payload=payload))
        """,
        lib="""
            low = [1]
            def helper(): return low
            def body(): return low, helper(), globals() is vars(__import__('lib'))
        """,
    )
    assert lines == ["([1], [1], True)"]
