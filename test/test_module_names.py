"""Module names in behaviors: cowns that helpers reach, globals that bodies store."""

import textwrap

from programs import run_command

LIBRARY = """
    from bocpy import Cown, when
    shared = Cown(100)
    late = None
    def helper(): return shared, late
    def go():
        @when()
        def _():
            first, second = helper()
            @when(first)
            def inner(value): value.value += 1
            @when(second)
            def inner(value): value.value += 5
"""

PROGRAM = """
    import library
    from bocpy import Cown, wait, when
    total = Cown(0)
    BOX = Cown(1)
    limit = len("four")
    count = 0
    def reach(): return total
    def step(n):
        @when(reach())
        def _(value):
            value.value += limit
            if n: step(n - 1)
    def add():
        global count
        count += limit
        return count
    if __name__ == "__main__":
        library.late = Cown(7)
        for _ in range(20): library.go()
        for _ in range(10): step(5)
        @when()
        def stored():
            global count
            count += limit
            return count, add(), count
        @when()
        def uses_box():
            @when(BOX)
            def _(value): value.value += 41
        space = {"Y": 5}
        exec("def body(): return Y, [Y for _ in 'ab'], (lambda: Y)()", space)
        adrift = when()(space["body"])
        wait(30)
        for cown in (library.shared, library.late, total, stored, BOX, adrift):
            with cown: print(cown.value)
"""


def test_cowns_are_the_same_and_stores_reach_helpers(tmp_path, backend):
    (tmp_path / "library.py").write_text(textwrap.dedent(LIBRARY))
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    ended = run_command(str(script), cwd=tmp_path, BOCPY_BACKEND=backend)
    assert ended.code == 0, ended.err
    assert ended.lines == ["120", "107", "240", "(4, 8, 8)", "42", "(5, [5, 5], 5)"]
