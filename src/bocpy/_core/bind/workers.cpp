#include "bind/fork_guard.h"
#include "bind/state.h"
#include "notice_view.h"
#include "py/attach.h"
#include "py/faults.h"
#include "sched.h"
#include "seat.h"

#include <marshal.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boc::bind {

namespace {

/// Tells the starter that the worker is ready, or why it is not.
void tell(PyObject* ready, const std::optional<std::string>& trouble) {
    const py::Ref text =
        trouble
            ? py::Ref::steal(PyUnicode_DecodeUTF8(
                  trouble->data(), static_cast<Py_ssize_t>(trouble->size()), "replace"))
            : py::Ref::none();
    const py::Ref done = py::call(ready, text.get());
}

/// Takes a worker slot for as long as it lives.
class Registration {
public:
    Registration() : slot_{sched::Scheduler::instance().register_worker()} {}
    ~Registration() {
        if (slot_ >= 0) {
            sched::Scheduler::instance().unregister_worker();
        }
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    [[nodiscard]] int slot() const noexcept { return slot_; }

private:
    int slot_;
};

void require_slot(const Registration& registration) {
    if (registration.slot() < 0) {
        py::raise(PyExc_RuntimeError, "over-registration: no worker slot left");
    }
}

// A worker that is a thread of this interpreter

/// Acts as a worker of its own for as long as it lives.
class Seating {
public:
    explicit Seating(int slot) noexcept { Home::take_seat(kFirstSeat + slot); }
    ~Seating() { Home::take_seat(0); }
    Seating(const Seating&) = delete;
    Seating& operator=(const Seating&) = delete;
};

PyObject* run_thread(PyObject*, PyObject* ready) {
    return py::guarded([ready] {
        Post post;
        const Registration registration;
        require_slot(registration);
        const Seating seating{registration.slot()};
        tell(ready, {});
        Seat{post}.work();
        Home::current().recycle();
        return py::Ref::none();
    });
}

#if BOC_HAS_OWN_GIL

// A worker that is an interpreter

/// The text of the pending exception, with its traceback.
std::string formatted_error() {
    const py::Ref error = py::take_error();
    std::string text = "a worker could not start";
    const int done = py::guarded_int([&] {
        const py::Ref lines =
            py::call(py::import("traceback", "format_exception").get(), error.get());
        const py::Ref empty = py::Ref::steal(PyUnicode_FromString(""));
        const py::Ref whole = py::Ref::steal(PyUnicode_Join(empty.get(), lines.get()));
        if (const char* const utf8 = PyUnicode_AsUTF8(whole.get())) {
            text = utf8;
        }
    });
    if (done < 0) {
        PyErr_Clear();
    }
    return text;
}

/// A sub-interpreter with a GIL of its own, which the calling thread can enter and
/// leave.
class SubInterpreter {
public:
    SubInterpreter() : outer_{PyThreadState_Get()} {
        const PyInterpreterConfig config{
            .use_main_obmalloc = 0,
            .allow_fork = 0,
            .allow_exec = 0,
            .allow_threads = 1,
            .allow_daemon_threads = 0,
            .check_multi_interp_extensions = 1,
            .gil = PyInterpreterConfig_OWN_GIL,
        };
        py::may_fail(fault::Point::kInterpreter, "creating a sub-interpreter");
        count_interpreter(1); // before it is there: the primary may fork meanwhile
        const PyStatus status = Py_NewInterpreterFromConfig(&inner_, &config);
        if (PyStatus_Exception(status) != 0) {
            inner_ = nullptr;
            PyThreadState_Swap(outer_);
            count_interpreter(-1);
            py::raise(PyExc_RuntimeError, "a sub-interpreter could not be created: %s",
                      status.err_msg != nullptr ? status.err_msg : "no reason given");
        }
    }
    ~SubInterpreter() {
        enter();
        Py_EndInterpreter(inner_);
        PyThreadState_Swap(outer_);
        count_interpreter(-1);
    }
    SubInterpreter(const SubInterpreter&) = delete;
    SubInterpreter& operator=(const SubInterpreter&) = delete;

    void enter() noexcept { PyThreadState_Swap(inner_); }
    void leave() noexcept { PyThreadState_Swap(outer_); }

private:
    PyThreadState* outer_;
    PyThreadState* inner_ = nullptr;
};

/// What an interpreter needs to become a worker: what `bocpy._starting.describe_main`
/// said.
struct Program {
    struct Live {
        std::string module;
        std::string name;
        Parcel value;
    };
    std::string payload; ///< marshalled
    std::vector<Live> live;
};

std::string bytes_of(PyObject* object) {
    char* data = nullptr;
    Py_ssize_t size = 0;
    py::check(PyBytes_AsStringAndSize(object, &data, &size));
    return {data, static_cast<std::size_t>(size)};
}

/// Values that do not cross are left out.
void read_live(PyObject* values, Program& program) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); ++i) {
        PyObject* const item = PyTuple_GET_ITEM(values, i);
        if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 3) {
            py::raise(PyExc_TypeError, "a live value is (module, name, value)");
        }
        Program::Live live{py::text(PyTuple_GET_ITEM(item, 0)),
                           py::text(PyTuple_GET_ITEM(item, 1)),
                           {}};
        const int done = py::guarded_int(
            [&] { live.value = Parcel::pack(PyTuple_GET_ITEM(item, 2), nullptr); });
        if (done == 0) {
            program.live.push_back(std::move(live));
        } else if (PyErr_ExceptionMatches(PyExc_Exception) != 0) {
            PyErr_Clear();
        } else {
            throw py::ErrorSet{};
        }
    }
}

void bind_live(PyObject* worker, const Program::Live& live) {
    const py::Ref module = py::Ref::steal(PyUnicode_FromString(live.module.c_str()));
    const py::Ref name = py::Ref::steal(PyUnicode_FromString(live.name.c_str()));
    const py::Ref value = live.value.unpack();
    static_cast<void>(py::call(py::attribute(worker, "bind_live").get(), module.get(),
                               name.get(), value.get()));
}

/// Binds what loads without the program; returns the rest.
std::vector<const Program::Live*> bind_early(PyObject* worker, const Program& program) {
    std::vector<const Program::Live*> rest;
    for (const Program::Live& live : program.live) {
        if (py::guarded_int([&] { bind_live(worker, live); }) < 0) {
            PyErr_Clear();
            rest.push_back(&live);
        }
    }
    return rest;
}

/// Brings this package into the interpreter inside; `paths` is sys.path, marshalled.
void import_worker(const std::string& paths) {
    const py::Ref parts = py::Ref::steal(PyMarshal_ReadObjectFromString(
        paths.data(), static_cast<Py_ssize_t>(paths.size())));
    const py::Ref path = py::Ref::steal(PySequence_List(parts.get()));
    py::check(PySys_SetObject("path", path.get()));
    const py::Ref worker = py::import("bocpy.worker");
}

/// Asks `fetch` for the program; waits until it is known.
Program read_program(PyObject* fetch) {
    const py::Ref said = py::call(fetch);
    if (!PyTuple_Check(said.get()) || PyTuple_GET_SIZE(said.get()) != 2 ||
        !PyTuple_Check(PyTuple_GET_ITEM(said.get(), 1))) {
        py::raise(PyExc_TypeError, "a program is (payload, live values)");
    }
    Program program;
    program.payload = bytes_of(PyTuple_GET_ITEM(said.get(), 0));
    read_live(PyTuple_GET_ITEM(said.get(), 1), program);
    return program;
}

/// Makes the interpreter inside one in which behaviors can run.
void boot(const Program& program) {
    const py::Ref worker = py::import("bocpy.worker");
    const py::Ref payload = py::Ref::steal(PyBytes_FromStringAndSize(
        program.payload.data(), static_cast<Py_ssize_t>(program.payload.size())));
    static_cast<void>(
        py::call(py::attribute(worker.get(), "prepare_main").get(), payload.get()));
    const std::vector<const Program::Live*> rest = bind_early(worker.get(), program);
    static_cast<void>(py::call(py::attribute(worker.get(), "load_main").get()));
    for (const Program::Live* live : rest) {
        bind_live(worker.get(), *live);
    }
}

/// The text of what went wrong in `step`, or nothing.
template <typename Step>
std::optional<std::string> trouble_of(Step&& step) {
    const int done = py::guarded_int(std::forward<Step>(step));
    return done < 0 ? std::optional{formatted_error()} : std::nullopt;
}

/// Boots while the program is being looked over, and takes a slot.
std::optional<std::string> begin(SubInterpreter& inside, const std::string& paths,
                                 PyObject* fetch,
                                 std::optional<Registration>& registration) {
    std::optional<std::string> trouble = trouble_of([&] { import_worker(paths); });
    if (trouble) {
        return trouble;
    }
    inside.leave();
    Program program;
    const int known = py::guarded_int([&] { program = read_program(fetch); });
    trouble = known < 0 ? std::optional{formatted_error()} : std::nullopt;
    inside.enter();
    if (trouble) {
        return trouble;
    }
    return trouble_of([&] {
        boot(program);
        require_slot(registration.emplace());
    });
}

/// Loads what the first behaviors will need, unless the end is near.
void load_ahead() {
    for (const char* const name : {"bocpy._capture", "bocpy._scan", "bocpy._plan"}) {
        if (sched::Scheduler::instance().stopping()) {
            return;
        }
        if (py::guarded_int([name] { const py::Ref done = py::import(name); }) < 0) {
            PyErr_Clear(); // whoever needs it will be told
        }
    }
}

PyObject* run_interpreter(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        if (count != 3 || PyTuple_Check(args[0]) == 0) {
            py::raise(PyExc_TypeError, "expected paths, and two callables");
        }
        Post post;
        const std::string paths = bytes_of(
            py::Ref::steal(PyMarshal_WriteObjectToString(args[0], Py_MARSHAL_VERSION))
                .get());
        SubInterpreter inside;
        std::optional<Registration> registration;
        const std::optional<std::string> trouble =
            begin(inside, paths, args[1], registration);
        inside.leave();
        tell(args[2], trouble);
        if (!trouble) {
            inside.enter();
            load_ahead();
            {
                Seat seat{post};
                seat.work();
            }
            NoticeView::end_current();
            Home::current().recycle();
            inside.leave();
        }
        return py::Ref::none();
    });
}

PyObject* prepare_fork_guard(PyObject*, PyObject*) {
    return py::guarded([] {
        guard_forks();
        return py::Ref::none();
    });
}

#endif

PyMethodDef functions[] = {
    {"_run_thread", run_thread, METH_O, nullptr},
#if BOC_HAS_OWN_GIL
    {"_guard_forks", prepare_fork_guard, METH_NOARGS, nullptr},
    {"_run_interpreter", py::method(run_interpreter), METH_FASTCALL, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_workers(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
