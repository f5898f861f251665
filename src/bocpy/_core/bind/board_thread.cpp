#include "bind/board.h"
#include "handle.h"
#include "py/attach.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boc::bind {

namespace {

Noticeboard& board() {
    return Noticeboard::instance();
}

[[noreturn]] void raise_full() {
    py::raise(PyExc_RuntimeError, "Noticeboard is full (max %zu)",
              Noticeboard::kCapacity);
}

/// Mutating at once is for the thread of the board, and for the primary if there is
/// none.
void require_board_thread(const char* name) {
    require_primary(name);
    if (board().claimed() && !board().on_thread()) {
        py::raise(PyExc_RuntimeError, "%s must be called from the noticeboard thread",
                  name);
    }
}

/// What `cown_pin_pointers` gave out; the cowns are not taken over yet.
std::vector<const void*> pinned(PyObject* addresses) {
    std::vector<const void*> cowns;
    if (addresses == Py_None) {
        return cowns;
    }
    if (PySequence_Check(addresses) == 0) {
        py::raise(PyExc_TypeError, "noticeboard pin list must be a sequence");
    }
    const py::Ref list = py::Ref::steal(PySequence_Tuple(addresses));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(list.get()); ++i) {
        PyObject* const address = PyTuple_GET_ITEM(list.get(), i);
        if (!PyLong_Check(address)) {
            py::raise(PyExc_TypeError,
                      "noticeboard pin list must contain only integers "
                      "from _core.cown_pin_pointers()");
        }
        const void* const cown = PyLong_AsVoidPtr(address);
        if (cown == nullptr && PyErr_Occurred() == nullptr) {
            py::raise(PyExc_ValueError,
                      "noticeboard pin list must not contain NULL / integer 0 entries");
        }
        cowns.push_back(cown != nullptr ? cown : throw py::ErrorSet{});
    }
    return cowns;
}

void write_now(const char* name, PyObject* const* args, Py_ssize_t count) {
    if (count != 2 && count != 3) {
        py::raise(PyExc_TypeError, "%s() takes 2 or 3 arguments (%zd given)", name,
                  count);
    }
    const NoticeKey key = key_of(args[0]);
    const std::vector<const void*> cowns = pinned(count == 3 ? args[2] : Py_None);
    Parcel value = Parcel::pack_copy(args[1]);
    std::optional<Pins> pins = redeem(cowns);
    if (!pins) {
        py::raise(PyExc_ValueError,
                  "noticeboard pin list must contain each integer from "
                  "_core.cown_pin_pointers() once");
    }
    if (!board().write(key, std::move(value), *std::move(pins))) {
        raise_full();
    }
}

PyObject* write_direct(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        require_board_thread("noticeboard_write_direct");
        write_now("noticeboard_write_direct", args, count);
        return py::Ref::none();
    });
}

PyObject* seed(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        require_primary("noticeboard_seed");
        write_now("noticeboard_seed", args, count);
        Noticeboard::rearm();
        return py::Ref::none();
    });
}

PyObject* delete_now(PyObject*, PyObject* key) {
    return py::guarded([&] {
        require_board_thread("noticeboard_delete");
        board().erase(key_of(key));
        return py::Ref::none();
    });
}

PyObject* clear(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("noticeboard_clear");
        board().clear();
        Noticeboard::rearm();
        return py::Ref::none();
    });
}

PyObject* cache_clear(PyObject*, PyObject*) {
    Noticeboard::rearm();
    Py_RETURN_NONE;
}

PyObject* claim(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("set_noticeboard_thread");
        if (!board().claim()) {
            py::raise(PyExc_RuntimeError, "set_noticeboard_thread: noticeboard mutator "
                                          "thread is already registered");
        }
        return py::Ref::none();
    });
}

PyObject* disclaim(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("clear_noticeboard_thread");
        board().disclaim();
        return py::Ref::none();
    });
}

/// Lets reports name the function of an update.
void describe(PyObject* function) {
    std::string text = Py_TYPE(function)->tp_name;
    if (PyFunction_Check(function) != 0) {
        const auto* const code =
            reinterpret_cast<PyCodeObject*>(PyFunction_GetCode(function));
        const int done = py::guarded_int([&] {
            text = py::text(code->co_name) + " (" + py::text(code->co_filename) + ":" +
                   std::to_string(code->co_firstlineno) + ")";
        });
        if (done < 0) {
            PyErr_Clear(); // names that are not text
        }
    }
    board().describe(std::move(text));
}

/// Applies an update; anything else has no user code to fail.
void update(const Mutation& mutation, PyObject* removed) {
    const py::Ref both = mutation.value.unpack();
    describe(PyTuple_GET_ITEM(both.get(), 0));
    const NoticePtr current = board().find(mutation.key);
    const py::Ref value = current ? current->value().unpack()
                                  : py::Ref::share(PyTuple_GET_ITEM(both.get(), 1));
    const py::Ref result = py::call(PyTuple_GET_ITEM(both.get(), 0), value.get());
    if (result.get() == removed) {
        board().erase(mutation.key);
    } else if (!board().write(mutation.key, Parcel::pack_copy(result.get()))) {
        raise_full();
    }
}

void apply(Mutation& mutation, PyObject* removed) {
    switch (mutation.kind) {
    case Mutation::Kind::kWrite:
        if (!board().write(mutation.key, std::move(mutation.value))) {
            raise_full();
        }
        break;
    case Mutation::Kind::kDelete:
        board().erase(mutation.key);
        break;
    case Mutation::Kind::kUpdate:
        update(mutation, removed);
        break;
    case Mutation::Kind::kSync:
        board().barriers().complete(mutation.barrier);
        break;
    }
}

void report(const Mutation& mutation, PyObject* warn) {
    const py::Ref error = py::take_error();
    const bool update = mutation.kind == Mutation::Kind::kUpdate;
    const std::string_view key = mutation.key.text();
    const py::Ref text = py::Ref::adopt(
        PyUnicode_FromStringAndSize(key.data(), static_cast<Py_ssize_t>(key.size())));
    const py::Ref name =
        py::Ref::adopt(PyUnicode_FromString(update ? "update" : "write"));
    const py::Ref done = py::Ref::adopt(PyObject_CallFunctionObjArgs(
        warn, name.get(), text.get(), error.get(), nullptr));
    if (!done) {
        py::report_unraisable(warn);
    }
}

PyObject* serve(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        if (count != 2 || !board().on_thread()) {
            py::raise(PyExc_RuntimeError,
                      "noticeboard_serve must be called from the noticeboard thread");
        }
        for (;;) {
            std::optional<Mutation> next;
            {
                const py::Detached detached;
                next = board().wait_next();
            }
            if (!next) {
                return py::Ref::none();
            }
            state_of(module).home->recycle();
            if (py::guarded_int([&] { apply(*next, args[0]); }) < 0) {
                report(*next, args[1]);
            }
        }
    });
}

PyObject* stop(PyObject*, PyObject*) {
    board().stop();
    Py_RETURN_NONE;
}

PyObject* sync_request(PyObject*, PyObject*) {
    return PyLong_FromLongLong(board().barriers().next());
}

PyObject* sync_complete(PyObject*, PyObject* barrier) {
    return py::guarded([barrier] {
        require_primary("notice_sync_complete");
        const long long number = PyLong_AsLongLong(barrier);
        if (number == -1 && PyErr_Occurred() != nullptr) {
            throw py::ErrorSet{};
        }
        board().barriers().complete(number);
        return py::Ref::none();
    });
}

PyObject* sync_wait(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        if (count != 2) {
            py::raise(PyExc_TypeError,
                      "notice_sync_wait() takes exactly 2 arguments (%zd given)",
                      count);
        }
        const long long barrier = PyLong_AsLongLong(args[0]);
        if (barrier == -1 && PyErr_Occurred() != nullptr) {
            throw py::ErrorSet{};
        }
        return py::Ref::share(
            wait_for_barrier(barrier, parse_timeout(args[1])) ? Py_True : Py_False);
    });
}

PyObject* pin_pointers(PyObject*, PyObject* given) {
    return py::guarded([given] {
        if (PySequence_Check(given) == 0) {
            py::raise(PyExc_TypeError, "cown_pin_pointers requires a sequence");
        }
        const py::Ref capsules = py::Ref::steal(PySequence_Tuple(given));
        const Py_ssize_t count = PyTuple_GET_SIZE(capsules.get());
        py::Ref addresses = py::Ref::steal(PyList_New(count));
        Pins pins;
        for (Py_ssize_t i = 0; i < count; ++i) {
            PyObject* const capsule = PyTuple_GET_ITEM(capsules.get(), i);
            if (!is_capsule(capsule)) {
                py::raise(PyExc_TypeError,
                          "cown_pin_pointers requires CownCapsule objects");
            }
            pins.push_back(CownPtr::share(cown_behind(capsule)));
            PyList_SET_ITEM(
                addresses.get(), i,
                py::Ref::steal(PyLong_FromVoidPtr(pins.back().get())).release());
        }
        deposit(std::move(pins));
        return addresses;
    });
}

PyMethodDef functions[] = {
    {"noticeboard_write_direct", py::method(write_direct), METH_FASTCALL, nullptr},
    {"noticeboard_seed", py::method(seed), METH_FASTCALL, nullptr},
    {"noticeboard_delete", delete_now, METH_O, nullptr},
    {"noticeboard_clear", clear, METH_NOARGS, nullptr},
    {"noticeboard_cache_clear", cache_clear, METH_NOARGS, nullptr},
    {"noticeboard_serve", py::method(serve), METH_FASTCALL, nullptr},
    {"noticeboard_stop", stop, METH_NOARGS, nullptr},
    {"set_noticeboard_thread", claim, METH_NOARGS, nullptr},
    {"clear_noticeboard_thread", disclaim, METH_NOARGS, nullptr},
    {"notice_sync_request", sync_request, METH_NOARGS, nullptr},
    {"notice_sync_complete", sync_complete, METH_O, nullptr},
    {"notice_sync_wait", py::method(sync_wait), METH_FASTCALL, nullptr},
    {"cown_pin_pointers", pin_pointers, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_board_thread(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
