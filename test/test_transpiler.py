"""The exported form of a module, and the text of its bindings."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bocpy import transpiler
from bocpy.transpiler import (
    BehaviorInfo,
    BOCModuleTransformer,
    CapturedVariableFinder,
    export_module,
    export_module_from_file,
)
from programs import environment

ROOT = Path(__file__).parents[1]


def captures(source, known=()):
    finder = CapturedVariableFinder(set(known))
    finder.visit(ast.parse(source).body[0])
    return finder.captured_vars


def exported(source, path=None):
    result = export_module(ast.parse(source), path)
    compile(result.code, "exported", "exec")
    return result


def executed(source, path=None):
    """Run exported code where ``whencall`` only notes what it is given."""
    result = exported("when = Cown = None\n" + source, path)
    calls = []

    def whencall(*call):
        calls.append(call)
        return f"cown {len(calls)}"

    space = {"whencall": whencall, "__name__": "exported"}
    code = result.code.replace("from bocpy import", "# ")
    exec(compile(code, "exported", "exec"), space)  # noqa: S102
    return space, calls


def names_of(source):
    return exported(source).behaviors.popitem()[1].captures


class TestFinder:
    def test_parameters_of_every_kind_are_local(self):
        source = "def b(p, /, x, *args, k, **kw): return p, x, args, k, kw"
        assert captures(source) == set()

    def test_free_names_are_captured_and_known_ones_are_not(self):
        assert captures("def b(x): return x + y + z", {"z"}) == {"y"}

    def test_assigned_names_and_nested_functions_are_local(self):
        assert captures("def b(x):\n y = x\n def f(): pass\n return y, f") == set()

    def test_a_nested_plain_function_is_opaque(self):
        assert captures("def b(x):\n def f(): return hidden\n return f()") == set()

    def test_a_default_of_a_nested_function_counts(self):
        assert captures("def b(x):\n def f(a=free): return a\n return f()") == {"free"}

    def test_nested_behaviors_hand_on_captures_and_arguments(self):
        source = (
            "def b(x):\n"
            " y = 1\n"
            " for i in range_of(3):\n"
            "  @when(other)\n"
            "  def n(p):\n"
            "   @when(p, third)\n"
            "   def m(q): return deep, q, y\n"
            "   return i\n"
        )
        assert captures(source) == {"range_of", "other", "third", "deep"}

    def test_the_finder_can_be_used_again(self):
        finder = CapturedVariableFinder(set())
        function = ast.parse("def b(): return y").body[0]
        finder.visit(function)
        finder.clear()
        assert finder.captured_vars == set()
        finder.visit(function)
        assert finder.captured_vars == {"y"}

    @pytest.mark.parametrize(
        "body",
        [
            "return (lambda a, *b: (a, b))(1)",
            "import os.path\n return os",
            "from os import path as p\n return p",
            "try: pass\n except ValueError as error: return error",
            "class C:\n  z = 1\n return C",
            "return [i for i in (1, 2)], {k: v for k, v in {}}",
            "if (n := 1): return n",
            "match x:\n  case [a, *b]: return a, b\n  case {'k': c, **d}: return c, d",
            "async def f(): pass\n return f",
            "for i in (): pass\n return i",
            "with x as y: return y",
            "del x",
            "global g\n g = 1\n return g",
        ],
    )
    def test_every_binding_form_is_local(self, body):
        known = {"ValueError"}
        assert captures(f"def b(x):\n {body}\n", known) == set()

    def test_a_comprehension_variable_does_not_hide_a_capture(self):
        assert captures("def b(): return [v for v in (1,)], v") == {"v"}

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of 3.12")
    def test_type_parameters_are_local(self):
        source = "def b():\n type A[T] = list[T]\n def f[S](s: S) -> S: pass\n return A"
        assert captures(source, {"list"}) == set()


class TestModule:
    SOURCE = (
        '"""Doc."""\n'
        "import os.path\nfrom bocpy import when, Cown\nfrom sys import path as p\n"
        "x = 42\na = b = 'q'\na.c = d[0] = 3\nitems = [1]\n"
        "CONFIG = make()\nlow = make()\n"
        "A, B = make()\ny: int = 1\nx += 1\nprint()\n"
        "class K: pass\ndef f(): pass\n"
        "@cache\ndef g(): pass\n"
        "@when(x)\ndef h(x): pass\n"
        "if x:\n    import json\n"
        "async def coroutine(): pass\n"
    )

    def reduced(self):
        transformer = BOCModuleTransformer()
        tree = ast.parse(self.SOURCE)
        transformer.visit(tree)
        return transformer, ast.unparse(tree)

    def test_names_are_recorded(self):
        transformer, _ = self.reduced()
        assert transformer.imports == {"os.path", "when", "Cown", "whencall", "p"}
        assert transformer.classes == {"K"}
        assert transformer.functions == {"f", "g"}
        known = {"os.path", "os", "when", "Cown", "whencall", "p", "K", "f", "g"}
        assert transformer.known_vars() == known

    def test_only_definitions_and_constants_stay(self):
        _, text = self.reduced()
        for kept in (
            "x = 42",
            "a = b = 'q'",
            "a.c = d[0] = 3",
            "CONFIG = make()",
            "@cache",
            "def f",
        ):
            assert kept in text
        for gone in ("items", "low", "A, B", "y:", "x +=", "json", "async", "Doc"):
            assert gone not in text

    def test_whencall_is_imported_beside_an_alias_of_it(self):
        text = exported("from bocpy import whencall as wc\n").code
        assert text == "from bocpy import whencall as wc, whencall"

    def test_a_star_import_stays_legal(self):
        assert "import *" in exported("from bocpy import *\n").code


class TestExport:
    def test_behaviors_are_known_by_the_line_of_when(self):
        result = exported("@other\n@when(\n  c)\ndef b(c):\n    return c, y\n")
        assert result.behaviors == {2: BehaviorInfo("__behavior__0", ["y"])}
        assert "when" not in result.code
        assert "other" not in result.code

    def test_inner_behaviors_are_numbered_first(self):
        result = exported(
            "def f(c):\n"
            "    @when(c)\n"
            "    def outer(c):\n"
            "        @when(c)\n"
            "        def inner(c): return 1\n"
            "        return inner\n"
        )
        assert [result.behaviors[n].name for n in (4, 2)] == [
            "__behavior__0",
            "__behavior__1",
        ]

    def test_a_behavior_in_a_function_becomes_a_call(self):
        space, calls = executed(
            "def f(c, d, n):\n"
            "    @when(c, *d)\n"
            "    def b(c, *d): return n\n"
            "    return b\n"
        )
        assert space["f"](1, [2, 3], 4) == "cown 1"
        assert calls == [("__behavior__0", (1, 2, 3), (4,))]
        assert space["__behavior__0"](1, 2, 3, 4) == 4

    def test_defaults_and_keyword_only_parameters_become_captures(self):
        space, calls = executed(
            "def f(c, y):\n"
            "    for i in range(2):\n"
            "        @when(c)\n"
            "        def b(c, i=i * 2, *, k=y): return c, i, k, y\n"
        )
        space["f"]("c", "y")
        assert [values for _, _, values in calls] == [(0, "y", "y"), (2, "y", "y")]
        assert space["__behavior__0"]("c", *calls[1][2]) == ("c", 2, "y", "y")

    def test_names_used_in_nested_functions_are_captured(self):
        assert names_of("@when()\ndef b():\n def f(): return y\n return f()\n") == ["y"]

    def test_annotations_of_a_behavior_are_not_evaluated(self):
        space, _ = executed("@when(c)\ndef b(c: Nowhere) -> Nowhere: return 1\n")
        assert space["__behavior__0"](0) == 1

    def test_private_names_are_those_of_the_class(self):
        space, calls = executed(
            "class Account:\n"
            "    def __init__(self): self.__money = 5\n"
            "    def look(self, c):\n"
            "        @when(c)\n"
            "        def b(c): return self.__money\n"
        )
        account = space["Account"]()
        account.look(1)
        assert space["__behavior__0"](1, *calls[0][2]) == 5

    def test_a_behavior_in_a_class_body_does_not_run_again(self):
        space, calls = executed("class K:\n    @when(c)\n    def b(c): pass\n")
        assert calls == []
        assert "__behavior__0" in space

    def test_file_is_the_path_of_the_source(self):
        result = exported("@when(c)\ndef b(c): return __file__\n", "some/where.py")
        path = str(Path("some/where.py").absolute())
        assert repr(path) in result.code
        assert result.behaviors[1].captures == []

    def test_dunders_are_captured_and_builtins_are_not(self):
        assert names_of("@when(c)\ndef b(c): return __name__, len, print\n") == [
            "__name__"
        ]

    def test_aliases_of_when_are_recognised(self):
        result = exported(
            "import bocpy as b\nfrom bocpy import when as w\n"
            "@w(c)\ndef one(c): pass\n@b.when(c)\ndef two(c): pass\n"
        )
        assert sorted(result.behaviors) == [3, 5]

    def test_whencall_is_always_there(self):
        source = "import bocpy\ndef f(c):\n    @bocpy.when(c)\n    def b(c): pass\n"
        assert exported(source).code.startswith("from bocpy import whencall\n")

    def test_text_survives(self):
        value = "a 'b' \"c\" \\ \x00 \n é 🐍"
        space, _ = executed(
            f"V = {value!r}\n@when(c)\ndef b(c):\n    {value!r}\n    return {value!r}\n"
        )
        assert space["V"] == value
        assert space["__behavior__0"](1) == value

    def test_a_file_is_read_as_utf8(self, tmp_path):
        path = tmp_path / "module.py"
        path.write_text("X = 'é'\n", encoding="utf-8")
        assert export_module_from_file(str(path)).code == "X = 'é'"

    def test_a_broken_file_is_named(self, tmp_path):
        path = tmp_path / "broken.py"
        path.write_text("def", encoding="utf-8")
        with pytest.raises(SyntaxError, match=r"Error parsing .*broken\.py"):
            export_module_from_file(str(path))

    def test_the_tool_writes_what_it_exports(self, tmp_path):
        path = tmp_path / "module.py"
        path.write_text("class K: pass\ndef f(): pass\n@when(c)\ndef b(c): pass\n")
        done = subprocess.run(
            [
                sys.executable,
                ROOT / "export_module.py",
                path,
                "-o",
                tmp_path / "out.py",
            ],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.splitlines()[:2] == ["{'K'}", "{'f'}"]
        assert "__behavior__0" in (tmp_path / "out.py").read_text()


class TestBindings:
    def test_bindings_stay(self):
        tree = ast.parse(
            "import os\nx = f()\na = b = 1\na = b = f()\np, q = f()\np.q = 1\n"
            "n: int = 1\nif x: pass\ndef g(): pass\nclass K: pass\n"
            "from bocpy import when as w\n@w(c)\ndef b(c): pass\n"
        )
        found = transpiler.bind_module(tree)
        assert found.classes == {"K"}
        assert found.functions == {"g"}
        for kept in ("import os", "x = f()", "a = b = 1", "n: int", "import when as w"):
            assert kept in found.code
        assert "p, q = f()" in found.code.replace("(p, q)", "p, q")
        for gone in ("a = b = f", "p.q", "if x", "def b"):
            assert gone not in found.code

    def test_aliases_are_known(self):
        binder = transpiler.MainModuleBinder()
        binder.visit(ast.parse("import bocpy as boc\nfrom bocpy import when as w\n"))
        assert binder.when_aliases == {"when", "w"}
        assert binder.bocpy_module_aliases == {"boc"}

    def test_a_module_without_source_is_its_imports(self):
        module = ModuleType("session")
        vars(module).update(j=ast, sys=sys, n=5, __hidden__=sys)
        found = transpiler.bind_live_module(module)
        space = {}
        exec(found.code, space)  # noqa: S102
        assert space["j"] is ast
        assert space["sys"] is sys
        assert "n" not in space
        assert "__hidden__" not in space

    def test_an_empty_session_is_empty_code(self):
        assert transpiler.bind_live_module(ModuleType("empty")).code == ""
