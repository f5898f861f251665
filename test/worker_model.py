"""A model of the runtime's part in capture: behaviors without workers or cowns.

``Scheduled`` does what scheduling does, in the interpreter of the caller; ``run_here``
what a worker thread does, ``run_in_worker`` what a worker interpreter does, with a
child process in its place.
"""

import builtins
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from types import CellType, FunctionType, ModuleType

from bocpy import _capture as capture
from bocpy import _modules, _plan
from bocpy.errors import CaptureError

SOURCE = str(Path(capture.__file__).parents[1])
DEFINITIONS = (FunctionType, ModuleType, type)
LEFT_OUT = ()


class Scheduled:
    """What ``when`` records of a function and its captures."""

    def __init__(self, func, arguments=(), *, abroad=False):
        if type(func) is not FunctionType or vars(func):
            func = capture.undecorated(func)
        description = capture.describe(func)
        self.description = description
        self.arguments = arguments
        positional = description[capture.POSITIONAL]
        count = max(0, positional - len(arguments))
        values = list((func.__defaults__ or ())[-count:] if count else ())
        values += [func.__kwdefaults__[name] for name in description[capture.KWONLY]]
        for name, cell in zip(
            description[capture.FREE], func.__closure__ or (), strict=True
        ):
            try:
                values.append(cell.cell_contents)
            except ValueError:
                raise CaptureError(f"Cannot resolve capture: {name}") from None
        crossed = [pickle.dumps(value) for value in values]
        for name, flags in zip(
            description[capture.GLOBALS], description[capture.FLAGS], strict=True
        ):
            crossed.append(self._cross_global(func, name, flags, abroad))
        self.values = crossed

    @staticmethod
    def _cross_global(func, name, flags, abroad):
        if name not in func.__globals__:
            if flags & (_plan.MAYBE | _plan.HANDLE) or hasattr(builtins, name):
                return None
            raise CaptureError(f"Cannot resolve capture: {name}")
        value = func.__globals__[name]
        if flags & _plan.HANDLE:
            return None
        try:
            if isinstance(value, DEFINITIONS):
                if not abroad:
                    return value
                value = capture.portable(value)
            return pickle.dumps(value)
        except Exception:
            if flags & _plan.OPTIONAL:
                return None
            raise


def run(description, values, arguments=()):
    """Run a behavior as a worker does."""
    key, module, _, _, kwonly, free, names, _, stores, blob = description
    code, space, home, refresh = capture.bind(key, module, blob, names, stores)
    values = [pickle.loads(v) if isinstance(v, bytes) else v for v in values]
    travel = values[len(values) - len(names) :]
    values = values[: len(values) - len(names)]
    cells = values[len(values) - len(free) :]
    values = values[: len(values) - len(free)]
    named = dict(zip(kwonly, values[len(values) - len(kwonly) :], strict=True))
    passed = values[: len(values) - len(kwonly)]
    closure = tuple(map(CellType, cells)) if free else None
    func = FunctionType(code, space, None, None, closure)
    if space is not home:
        left = [n for n, value in zip(names, travel, strict=True) if value is None]
        copy_names(home, space, (*refresh, *left))
    if space is not home or _modules.state.worker:
        shipped = zip(names, travel, strict=True)
        space.update((n, value) for n, value in shipped if value is not None)
    try:
        return func(*arguments, *passed, **named)
    finally:
        if space is not home:
            copy_names(space, home, stores)


def copy_names(source, target, names):
    for name in names:
        if name in source:
            target[name] = source[name]
        else:
            target.pop(name, None)


def run_here(func, *arguments):
    scheduled = Scheduled(func, arguments)
    return run(scheduled.description, scheduled.values, arguments)


def run_in_worker(func, *arguments, payload=None, times=1):
    """Run *func* in a fresh interpreter; returns what it returned, or raises."""
    from bocpy import _starting  # noqa: PLC0415

    if payload is None:
        payload = _starting.describe_main()[0]
    scheduled = Scheduled(func, arguments, abroad=True)
    job = pickle.dumps(
        (
            payload,
            scheduled.description,
            scheduled.values,
            pickle.dumps(arguments),
            times,
        )
    )
    child = "import sys; sys.path[:0] = {!r}; import worker_model; worker_model.serve()"
    paths = [SOURCE, str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", child.format(paths)],
        input=job,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(done.stderr.decode())
    failed, content = pickle.loads(done.stdout)
    if failed:
        raise WorkerError(content, done.stderr.decode())
    return pickle.loads(content)


def run_in_interpreter(func, *arguments):
    """Run *func* in a sub-interpreter of this process."""
    from bocpy import _starting  # noqa: PLC0415

    payload = _starting.describe_main(func.__module__)[0]
    scheduled = Scheduled(func, arguments, abroad=True)
    job = pickle.dumps((payload, scheduled.description, scheduled.values, arguments))
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        program = IN_INTERPRETER.format(
            paths=[SOURCE, str(Path(__file__).parent)], job=job, answer=str(answer)
        )
        execute(program)
        return pickle.loads(answer.read_bytes())


IN_INTERPRETER = """
import sys
sys.path[:0] = {paths!r}
import pickle
from pathlib import Path
from bocpy import worker
import worker_model
payload, description, values, arguments = pickle.loads({job!r})
worker.prepare_main(payload)
worker.load_main()
result = worker_model.run(description, values, arguments)
Path({answer!r}).write_bytes(pickle.dumps(result))
"""


def execute(program):
    """Execute *program* in a new interpreter, whatever this version calls that."""
    if sys.version_info >= (3, 14):
        from concurrent import interpreters  # noqa: PLC0415

        fresh = interpreters.create()
        fresh.exec(program)
        fresh.close()
        return
    if sys.version_info >= (3, 13):
        import _interpreters as raw  # noqa: PLC0415
    else:
        import _xxsubinterpreters as raw  # noqa: PLC0415
    made = raw.create()
    failed = raw.run_string(made, program)
    raw.destroy(made)
    assert failed is None


class WorkerError(Exception):
    """A body failed; the first argument is the text of its traceback."""


def serve():
    """Be the worker of ``run_in_worker``."""
    import traceback  # noqa: PLC0415

    from bocpy import worker  # noqa: PLC0415

    out, sys.stdout = sys.stdout.buffer, sys.stderr
    payload, description, values, arguments, times = pickle.load(sys.stdin.buffer)
    try:
        worker.prepare_main(payload)
        worker.load_main()
        arguments = pickle.loads(arguments)
        result = [run(description, values, arguments) for _ in range(times)][-1]
        answer = False, pickle.dumps(result)
    except Exception:
        answer = True, traceback.format_exc()
    pickle.dump(answer, out)
    out.flush()
