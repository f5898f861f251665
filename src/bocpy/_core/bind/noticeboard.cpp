#include "bind/arguments.h"
#include "bind/board.h"
#include "bind/waiting.h"
#include "notice_view.h"

#include <string_view>

namespace boc::bind {

namespace {

Noticeboard& board() {
    return Noticeboard::instance();
}

/// Workers have a board for as long as they run; others from start to wait.
void require_runtime(const Home& home, const char* what) {
    if (home.primary() && !board().claimed() && !Home::seated()) {
        py::raise(PyExc_RuntimeError, "cannot %s before the runtime is started", what);
    }
}

constexpr Signature<2> kWrite{"notice_write", {"key", "value"}, 2};
constexpr Signature<3> kUpdate{"notice_update", {"key", "fn", "default"}, 2};
constexpr Signature<1> kDelete{"notice_delete", {"key"}, 1};
constexpr Signature<2> kRead{"notice_read", {"key", "default"}, 1};
constexpr Signature<1> kSync{"notice_sync", {"timeout"}, 0};

PyObject* notice_write(PyObject* module, PyObject* const* args, Py_ssize_t count,
                       PyObject* names) {
    return py::guarded([&] {
        require_runtime(*state_of(module).home, "write to the noticeboard");
        const auto [key, value] = parse_arguments(kWrite, args, count, names);
        const NoticeKey name = key_of(key);
        board().post_write(name, Parcel::pack_copy(value));
        return py::Ref::none();
    });
}

PyObject* notice_delete(PyObject* module, PyObject* const* args, Py_ssize_t count,
                        PyObject* names) {
    return py::guarded([&] {
        require_runtime(*state_of(module).home, "delete from the noticeboard");
        board().post_erase(key_of(parse_arguments(kDelete, args, count, names)[0]));
        return py::Ref::none();
    });
}

PyObject* notice_update(PyObject* module, PyObject* const* args, Py_ssize_t count,
                        PyObject* names) {
    return py::guarded([&] {
        require_runtime(*state_of(module).home, "update the noticeboard");
        const auto [key, function, given] =
            parse_arguments(kUpdate, args, count, names);
        const NoticeKey name = key_of(key);
        if (PyCallable_Check(function) == 0) {
            py::raise(PyExc_TypeError, "notice_update fn must be callable");
        }
        const py::Ref both = py::Ref::steal(
            PyTuple_Pack(2, function, given != nullptr ? given : Py_None));
        if (!board().post_update(name, Parcel::pack(both.get()))) {
            py::raise(PyExc_RuntimeError,
                      "cannot update the noticeboard: the runtime is shutting down");
        }
        return py::Ref::none();
    });
}

PyObject* notice_read(PyObject*, PyObject* const* args, Py_ssize_t count,
                      PyObject* names) {
    return py::guarded([&] {
        const auto [key, given] = parse_arguments(kRead, args, count, names);
        py::Ref value = NoticeView::current().read(key_of(key));
        return value ? std::move(value)
                     : py::Ref::share(given != nullptr ? given : Py_None);
    });
}

PyObject* noticeboard(PyObject*, PyObject*) {
    return py::guarded([] { return NoticeView::current().mapping(); });
}

PyObject* version(PyObject*, PyObject*) {
    return PyLong_FromUnsignedLongLong(board().version());
}

PyObject* notice_sync(PyObject* module, PyObject* const* args, Py_ssize_t count,
                      PyObject* names) {
    return py::guarded([&] {
        PyObject* const given = parse_arguments(kSync, args, count, names)[0];
        const Timeout timeout = given != nullptr
                                    ? parse_timeout(given)
                                    : Timeout{.forever = false, .seconds = 30};
        require_runtime(*state_of(module).home, "notice_sync");
        if (board().on_thread()) {
            py::raise(PyExc_RuntimeError,
                      "notice_sync cannot be called by a notice_update function");
        }
        if (!wait_for_barrier(board().post_sync(), timeout)) {
            py::raise(PyExc_TimeoutError, "notice_sync timed out after %R seconds",
                      given != nullptr ? given
                                       : py::Ref::steal(PyLong_FromLong(30)).get());
        }
        if (!sched::Scheduler::on_worker()) {
            Noticeboard::rearm();
        }
        return py::Ref::steal(version(nullptr, nullptr));
    });
}

PyMethodDef functions[] = {
    {"notice_write", py::method(notice_write), METH_FASTCALL | METH_KEYWORDS,
     "notice_write(key, value)\n--\n\nPut a value on the noticeboard.\n\n"
     "The value is serialised now and shows soon; `notice_sync` waits for it."},
    {"notice_update", py::method(notice_update), METH_FASTCALL | METH_KEYWORDS,
     "notice_update(key, fn, default=None)\n--\n\n"
     "Replace a notice by `fn(value)`, atomically.\n\n"
     "`fn` runs on the noticeboard thread of the main interpreter. It gets `default` "
     "if\n"
     "there is no notice, and deletes it by returning REMOVED."},
    {"notice_delete", py::method(notice_delete), METH_FASTCALL | METH_KEYWORDS,
     "notice_delete(key)\n--\n\nTake a notice off the noticeboard, if it is there."},
    {"notice_read", py::method(notice_read), METH_FASTCALL | METH_KEYWORDS,
     "notice_read(key, default=None)\n--\n\n"
     "Return the value of a notice in this behavior's snapshot of the noticeboard."},
    {"notice_sync", py::method(notice_sync), METH_FASTCALL | METH_KEYWORDS,
     "notice_sync(timeout=30.0)\n--\n\n"
     "Wait until all that this thread has asked of the noticeboard is done.\n\n"
     "Returns its version then; raises TimeoutError after `timeout` seconds, if not "
     "None."},
    {"noticeboard", noticeboard, METH_NOARGS,
     "noticeboard()\n--\n\n"
     "Return this behavior's snapshot of the noticeboard, a read-only mapping."},
    {"noticeboard_version", version, METH_NOARGS,
     "noticeboard_version()\n--\n\nReturn how often the noticeboard has changed."},
    {"noticeboard_snapshot", noticeboard, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

NoticeKey key_of(PyObject* key) {
    if (!PyUnicode_Check(key)) {
        py::raise(PyExc_TypeError, "noticeboard key must be a str");
    }
    Py_ssize_t size = 0;
    const char* const bytes = PyUnicode_AsUTF8AndSize(key, &size);
    if (bytes == nullptr) {
        throw py::ErrorSet{};
    }
    const std::string_view text{bytes, static_cast<std::size_t>(size)};
    if (text.find('\0') != std::string_view::npos) {
        py::raise(PyExc_ValueError, "noticeboard key must not contain NUL characters");
    }
    if (text.size() > NoticeKey::kLongest) {
        py::raise(PyExc_ValueError, "noticeboard key too long (max %zu UTF-8 bytes)",
                  NoticeKey::kLongest);
    }
    return NoticeKey{text};
}

bool wait_for_barrier(std::int64_t barrier, Timeout timeout) {
    const compat::Deadline deadline = deadline_of(timeout);
    Waited waited = Waited::kInterrupted;
    while (waited == Waited::kInterrupted && !board().barriers().has_passed(barrier)) {
        waited = wait_detached([&](Interrupts interrupts) {
            return board().barriers().wait_for(barrier, deadline, interrupts);
        });
    }
    return waited != Waited::kTimedOut;
}

void add_noticeboard(PyObject* module) {
    static_cast<void>(board()); // made here, where it may fail
    py::check(PyModule_AddFunctions(module, functions));
    add_board_thread(module);
}

} // namespace boc::bind
