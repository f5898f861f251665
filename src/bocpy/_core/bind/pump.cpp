#include "pump.h"

#include "bind/arguments.h"
#include "bind/state.h"
#include "bind/waiting.h"

#include <algorithm>
#include <optional>

namespace boc::bind {

namespace {

constexpr std::int64_t kMostMilliseconds = INT64_MAX / 1'000'000 - 1;
/// A deadline that is further away never comes.
constexpr std::int64_t kEndless = 1'000'000'000'000;

/// What terminator_wait_pumpable() answers.
enum Answer : std::uint8_t { kTerminated, kPumpReady, kWaitTimedOut };

sched::PumpQueue& queue() noexcept {
    return sched::PumpQueue::instance();
}
Pump& pump() noexcept {
    return *Home::current().pump;
}

/// None is nothing; what is too large is the largest.
std::optional<std::int64_t> bound_of(PyObject* object) {
    if (object == Py_None) {
        return std::nullopt;
    }
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (value == -1 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return overflow > 0 ? INT64_MAX : std::max<std::int64_t>(value, 0);
}

// The watchdog

/// Tells `callback`, or the log.
void tell(PyObject* callback, const Pump::Starvation& starvation) {
    const py::Ref message = py::Ref::steal(PyUnicode_FromFormat(
        "pinned behaviors have waited for pump() for %lld ms without a break, now "
        "%zu of them",
        static_cast<long long>(starvation.milliseconds), starvation.depth));
    if (callback != nullptr) {
        const py::Ref zero = py::Ref::steal(PyLong_FromLong(0));
        static_cast<void>(py::call(callback, zero.get(), message.get()));
    } else {
        const py::Ref warn = py::import("bocpy._pump", "warn");
        static_cast<void>(py::call(warn.get(), message.get()));
    }
}

void watch(PyObject* module) {
    const State& state = state_of(module);
    std::int64_t patience = 0;
    py::Ref callback;
    {
        const py::ObjectLock lock{module};
        patience = state.starved_after;
        callback = py::Ref::adopt(Py_XNewRef(state.on_starve));
    }
    if (patience == 0 || Pump::inside()) {
        return;
    }
    const auto starvation = pump().starvation(std::chrono::milliseconds{patience});
    if (!starvation ||
        py::guarded_int([&] { tell(callback.get(), *starvation); }) == 0) {
        return;
    }
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0) {
        throw py::ErrorSet{};
    }
    py::report_unraisable(callback.get());
}

std::int64_t patience_of(PyObject* object) {
    if (object == nullptr || object == Py_None) {
        return 0;
    }
    if (PyLong_Check(object) == 0 || PyBool_Check(object)) {
        py::raise(PyExc_TypeError, "warn_ms must be a positive int or None, not %R",
                  object);
    }
    const std::int64_t value = bound_of(object).value_or(0);
    if (value == 0) {
        py::raise(PyExc_TypeError, "warn_ms must be a positive int or None, not %R",
                  object);
    }
    if (value > kMostMilliseconds) {
        py::raise(PyExc_OverflowError, "warn_ms exceeds %lld",
                  static_cast<long long>(kMostMilliseconds));
    }
    return value;
}

PyObject* set_watchdog(PyObject* module, PyObject* const* args, Py_ssize_t given,
                       PyObject* names) {
    static constexpr Signature<2> kSignature{
        "set_pump_watchdog", {"warn_ms", "on_starve"}, 0};
    return py::guarded([&] {
        const auto [warn_ms, on_starve] =
            parse_arguments(kSignature, args, given, names);
        require_primary("set_pump_watchdog");
        const std::int64_t patience = patience_of(warn_ms);
        const bool none = on_starve == nullptr || on_starve == Py_None;
        if (!none && PyCallable_Check(on_starve) == 0) {
            py::raise(PyExc_TypeError, "on_starve must be callable or None, not %.200s",
                      Py_TYPE(on_starve)->tp_name);
        }
        State& state = state_of(module);
        py::Ref former;
        {
            const py::ObjectLock lock{module};
            state.starved_after = patience;
            former = py::Ref::adopt(
                std::exchange(state.on_starve, none ? nullptr : Py_NewRef(on_starve)));
        }
        return py::Ref::none();
    });
}

// The pump

PyObject* pump_bounded(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        require_primary("main_pump_bounded");
        if (count != 3 && count != 4) {
            py::raise(PyExc_TypeError,
                      "main_pump_bounded() takes 3 or 4 arguments (%zd given)", count);
        }
        Pump::Limits limits;
        const auto milliseconds = bound_of(args[0]);
        if (milliseconds && *milliseconds < kEndless) {
            limits.deadline = compat::now() + std::chrono::milliseconds{*milliseconds};
        }
        limits.most = static_cast<std::uint64_t>(bound_of(args[1]).value_or(INT64_MAX));
        limits.raise = py::check(PyObject_IsTrue(args[2])) != 0;
        watch(module);
        const Pump::Outcome done = pump().run(limits);
        return py::Ref::steal(
            Py_BuildValue("KOK", static_cast<unsigned long long>(done.executed),
                          done.deadline_reached ? Py_True : Py_False,
                          static_cast<unsigned long long>(done.raised)));
    });
}

PyObject* queue_depth(PyObject*, PyObject*) {
    return PyLong_FromSize_t(queue().depth());
}

PyObject* drain_all(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("main_pump_drain_all");
        long count = 0;
        sched::Work* work = queue().drain();
        while (work != nullptr) {
            Behavior& behavior = *static_cast<Behavior*>(work);
            work = work->next.load(std::memory_order_relaxed);
            PyErr_SetString(PyExc_RuntimeError,
                            "behavior dropped: shutdown by stop() came before a "
                            "pump() that would have run it");
            behavior.abandon(py::take_error());
            ++count;
        }
        return py::Ref::steal(PyLong_FromLong(count));
    });
}

PyObject* inside(PyObject*, PyObject*) {
    return PyBool_FromLong(Pump::inside());
}

PyObject* end_pump(PyObject*, PyObject* timeout) {
    return py::guarded([timeout] {
        require_primary("_end_pump");
        const compat::Deadline deadline = deadline_of(parse_timeout(timeout));
        queue().close();
        auto waited = Waited::kInterrupted;
        while (waited == Waited::kInterrupted) {
            waited = wait_detached([&](Interrupts interrupts) {
                return queue().wait_unused_until(deadline, interrupts);
            });
        }
        return py::Ref::share(waited == Waited::kSignalled ? Py_True : Py_False);
    });
}

/// The number of a run, or nothing.
std::optional<std::uint32_t> run_of(PyObject* object) {
    if (object == nullptr) {
        return std::nullopt;
    }
    const unsigned long run = PyLong_AsUnsignedLongMask(object);
    if (PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return static_cast<std::uint32_t>(run);
}

PyObject* wait_pumpable(PyObject*, PyObject* const* args, Py_ssize_t given,
                        PyObject* names) {
    static constexpr Signature<2> kSignature{
        "terminator_wait_pumpable", {"seconds", "run"}, 1};
    return py::guarded([&] {
        const auto [seconds, run] = parse_arguments(kSignature, args, given, names);
        require_primary("terminator_wait_pumpable");
        const auto number = run_of(run);
        const compat::Deadline deadline = deadline_of(parse_timeout(seconds));
        Terminator& terminator = Terminator::instance();
        const Pump& mine = pump();
        const auto ended = [&] {
            return number ? terminator.idle(*number) : terminator.count() == 0;
        };
        const auto waited = wait_through([&] {
            return terminator.wait_for([&] { return ended() || mine.ready(); },
                                       deadline);
        });
        const Answer answer = waited != Terminator::kDone ? kWaitTimedOut
                              : ended()                   ? kTerminated
                                                          : kPumpReady;
        return py::Ref::steal(PyLong_FromLong(answer));
    });
}

PyMethodDef functions[] = {
    {"main_pump_bounded", py::method(pump_bounded), METH_FASTCALL,
     "main_pump_bounded(deadline_ms, max_behaviors, raise_on_error, module=None, /)\n"
     "--\n\nRun pinned behaviors that wait; (executed, deadline reached, raised)."},
    {"main_pump_queue_depth", queue_depth, METH_NOARGS,
     "main_pump_queue_depth()\n--\n\nHow many pinned behaviors wait for a pump."},
    {"main_pump_drain_all", drain_all, METH_NOARGS,
     "main_pump_drain_all()\n--\n\nDrop the pinned behaviors that wait; how many."},
    {"set_pump_watchdog", py::method(set_watchdog), METH_FASTCALL | METH_KEYWORDS,
     "set_pump_watchdog(warn_ms=None, on_starve=None)\n--\n\nSee bocpy."},
    {"terminator_wait_pumpable", py::method(wait_pumpable),
     METH_FASTCALL | METH_KEYWORDS,
     "terminator_wait_pumpable(seconds, run=...)\n--\n\nWait until the count is 0 "
     "(TERMINATED), or there is something to pump\n(PUMP_READY), or for so long "
     "(WAIT_TIMED_OUT). With the number of a run,\nuntil nothing of that is pending."},
    {"_pumping", inside, METH_NOARGS,
     "_pumping()\n--\n\nWhether this is a behavior that the pump runs."},
    {"_end_pump", end_pump, METH_O,
     "_end_pump(timeout, /)\n--\n\nLet no pinned behavior begin any more, and wait "
     "until none runs."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_pump(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
    py::check(PyModule_AddIntConstant(module, "TERMINATED", kTerminated));
    py::check(PyModule_AddIntConstant(module, "PUMP_READY", kPumpReady));
    py::check(PyModule_AddIntConstant(module, "WAIT_TIMED_OUT", kWaitTimedOut));
}

} // namespace boc::bind
