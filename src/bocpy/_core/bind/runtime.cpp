#include "runtime.h"

#include "bind/behavior_capsule.h"
#include "bind/state.h"
#include "bind/waiting.h"
#include "capture.h"
#include "compat.h"
#include "handle.h"
#include "noticeboard.h"
#include "pins.h"
#include "post.h"
#include "pump.h"
#include "sched.h"
#include "sched/pump_queue.h"
#include "site.h"
#include "terminator.h"

namespace boc::bind {

namespace {

sched::Scheduler& scheduler() noexcept {
    return sched::Scheduler::instance();
}
Terminator& terminator() noexcept {
    return Terminator::instance();
}

Behavior* behavior_of(sched::Work* work) noexcept {
    return static_cast<Behavior*>(work);
}

py::Ref number(long long value) {
    return py::Ref::steal(PyLong_FromLongLong(value));
}
py::Ref truth(bool value) {
    return py::Ref::share(value ? Py_True : Py_False);
}

// Interpreter

PyObject* is_primary(PyObject*, PyObject*) {
    return truth(Home::on_main()).release();
}

PyObject* index(PyObject*, PyObject*) {
    return py::guarded([] {
        return number(Home::seated() ? Home::owner() - kFirstSeat + 1
                                     : Home::current().index());
    });
}

/// How often insist() calls before it lets an error out.
constexpr int kMostCalls = 100;

/// A signal handler may raise before the first line of `finish`, so it cannot see to
/// that by itself.
PyObject* insist(PyObject*, PyObject* finish) {
    return py::guarded([finish] {
        py::Ref error = py::Ref::none();
        for (int calls = 1;; ++calls) {
            py::Ref done = py::Ref::adopt(PyObject_CallOneArg(finish, error.get()));
            if (done) {
                return done;
            }
            py::Ref raised = py::take_error();
            if (raised.get() == error.get() || calls == kMostCalls) {
                PyErr_SetRaisedException(raised.release());
                throw py::ErrorSet{};
            }
            error = std::move(raised);
        }
    });
}

PyObject* recycle(PyObject*, PyObject*) {
    Home& home = Home::current();
    if (Home::on_main()) {
        home.recycle_on_main();
    } else {
        home.recycle();
    }
    Py_RETURN_NONE;
}

/// Values at rest belong to no interpreter.
PyObject* cowns(PyObject*, PyObject*) {
    return PyTuple_New(0);
}

PyObject* physical_cpu_count(PyObject*, PyObject*) {
    return PyLong_FromUnsignedLong(compat::physical_cpu_count());
}

// Scheduler

/// The slots of workers that are there must not go.
void require_slots(const char* name) {
    require_primary(name);
    if (runtime_up()) {
        py::raise(PyExc_RuntimeError, "%s: the runtime is up; call wait() first", name);
    }
}

void stop_scheduling() noexcept {
    scheduler().stop();
    sched::PumpQueue::instance().close();
}

PyObject* runtime_start(PyObject*, PyObject* count) {
    return py::guarded([count] {
        require_slots("scheduler_runtime_start");
        const long workers = PyLong_AsLong(count);
        if (workers == -1 && PyErr_Occurred() != nullptr) {
            throw py::ErrorSet{};
        }
        if (workers < 0) {
            py::raise(PyExc_ValueError,
                      "scheduler_runtime_start: worker_count must be >= 0");
        }
        stop_scheduling();
        if (workers > 0) {
            if (!scheduler().start(static_cast<unsigned>(workers))) {
                throw std::bad_alloc{};
            }
            sched::PumpQueue::instance().open();
        }
        return py::Ref::none();
    });
}

PyObject* runtime_stop(PyObject*, PyObject*) {
    return py::guarded([] {
        require_slots("scheduler_runtime_stop");
        stop_scheduling();
        return py::Ref::none();
    });
}

PyObject* worker_register(PyObject*, PyObject*) {
    return py::guarded([] {
        const int slot = scheduler().register_worker();
        if (slot < 0) {
            py::raise(
                PyExc_RuntimeError,
                "scheduler_worker_register: over-registration, no worker slot left "
                "for this thread");
        }
        return number(slot);
    });
}

/// A capsule that takes over the schedule's count. A behavior for which none can be
/// made is given up, and its result tells why.
py::Ref capsule_of(State& state, Behavior& behavior) {
    behavior.retain();
    BehaviorPtr held{&behavior};
    PyObject* const made =
        py::guarded([&] { return make_behavior_capsule(state, &behavior); });
    if (made == nullptr) {
        const py::Ref error = py::take_error();
        held.release()->abandon(error.share());
        PyErr_SetRaisedException(error.share().release());
    }
    return py::Ref::steal(made);
}

PyObject* worker_pop(PyObject* module, PyObject*) {
    return py::guarded([module] {
        if (!sched::Scheduler::on_worker()) {
            py::raise(PyExc_RuntimeError,
                      "scheduler_worker_pop: thread not registered");
        }
        Home::current().recycle();
        sched::Work* work = scheduler().stopping() ? nullptr : scheduler().try_next();
        if (work == nullptr) {
            const py::Detached detached;
            work = scheduler().wait_next();
        }
        return work == nullptr ? py::Ref::none()
                               : capsule_of(state_of(module), *behavior_of(work));
    });
}

PyObject* request_stop_all(PyObject*, PyObject*) {
    scheduler().request_stop_all();
    Py_RETURN_NONE;
}

/// Puts a behavior that will not run into `all`, or ends it with what prevents that.
void append_or_abandon(PyObject* all, State& state, Behavior& behavior) {
    behavior.retain();
    const BehaviorPtr held{&behavior};
    const int done = py::guarded_int([&] {
        const py::Ref capsule = capsule_of(state, behavior);
        if (PyList_Append(all, capsule.get()) < 0) {
            behavior.retain();
            behavior.abandon(py::take_error());
        }
    });
    if (done < 0) {
        PyErr_Clear(); // its result tells
    }
}

PyObject* drain_all(PyObject* module, PyObject*) {
    return py::guarded([module] {
        py::Ref all = py::Ref::steal(PyList_New(0));
        sched::Work* work = scheduler().drain();
        while (work != nullptr) {
            Behavior& behavior = *behavior_of(work);
            work = work->next.load(std::memory_order_relaxed);
            append_or_abandon(all.get(), state_of(module), behavior);
        }
        return all;
    });
}

py::Ref stats_entry(const sched::WorkerStats& stats) {
    py::Ref entry = py::Ref::steal(PyDict_New());
    for (const sched::WorkerStatField& field : sched::kWorkerStatFields) {
        const py::Ref value =
            py::Ref::steal(PyLong_FromUnsignedLongLong(stats.*field.field));
        py::check(PyDict_SetItemString(entry.get(), field.name.data(), value.get()));
    }
    return entry;
}

PyObject* scheduler_stats(PyObject*, PyObject*) {
    return py::guarded([] {
        py::Ref all = py::Ref::steal(PyList_New(0));
        for (const sched::WorkerStats& stats : scheduler().stats()) {
            py::check(PyList_Append(all.get(), stats_entry(stats).get()));
        }
        return all;
    });
}

// Terminator

PyObject* terminator_inc(PyObject*, PyObject*) {
    return PyLong_FromLongLong(terminator().inc());
}

PyObject* terminator_dec(PyObject*, PyObject*) {
    return PyLong_FromLongLong(terminator().dec());
}

PyObject* terminator_close(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("terminator_close");
        terminator().close();
        return py::Ref::none();
    });
}

PyObject* terminator_wait(PyObject*, PyObject* timeout) {
    return py::guarded([timeout] {
        const compat::Deadline deadline = deadline_of(parse_timeout(timeout));
        return truth(wait_through([&] { return terminator().wait_until(deadline); }) ==
                     Terminator::kDone);
    });
}

PyObject* terminator_run(PyObject*, PyObject*) {
    return PyLong_FromUnsignedLong(terminator().run());
}

PyObject* terminator_seed_dec(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("terminator_seed_dec");
        return truth(terminator().seed_dec());
    });
}

PyObject* terminator_seed_inc(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("terminator_seed_inc");
        return truth(terminator().seed_inc());
    });
}

PyObject* terminator_reset(PyObject*, PyObject*) {
    return py::guarded([] {
        require_primary("terminator_reset");
        const auto [count, seeded] = terminator().reset();
        return py::Ref::steal(Py_BuildValue("LL", static_cast<long long>(count),
                                            static_cast<long long>(seeded)));
    });
}

PyObject* terminator_count(PyObject*, PyObject*) {
    return PyLong_FromLongLong(terminator().count());
}

PyObject* terminator_seeded(PyObject*, PyObject*) {
    return PyLong_FromLongLong(terminator().seeded());
}

// What `bocpy._runtime` and the backends need

PyObject* set_running(PyObject*, PyObject* up) {
    return py::guarded([up] {
        set_runtime_up(py::check(PyObject_IsTrue(up)) != 0);
        Home& home = Home::current();
        home.plans->clear();
        home.sites->clear();
        home.pump->clear();
        return py::Ref::none();
    });
}

PyObject* forget_runtime(PyObject*, PyObject*) {
    return py::guarded([] {
        set_runtime_up(false);
        scheduler().stop();
        sched::PumpQueue::forget();
        Post::forget_all();
        Home::current().forget_workers();
        Home::current().pump->forget();
        const bool idle = terminator().forget();
        return truth(Noticeboard::instance().forget() && idle);
    });
}

PyObject* set_values_crossing(PyObject*, PyObject* how) {
    return py::guarded([how] {
        const long crossing = PyLong_AsLong(how);
        if (crossing < 0 || crossing > static_cast<long>(Crossing::kShared)) {
            py::raise(PyExc_ValueError, "0 interpreters, 1 threads, 2 shared");
        }
        set_crossing(static_cast<Crossing>(crossing));
        return py::Ref::none();
    });
}

PyObject* packing(PyObject*, PyObject*) {
    return truth(PinCollector::lives()).release();
}

PyObject* lend(PyObject*, PyObject* object) {
    return py::guarded([object] {
        Cown* const cown = cown_behind(object);
        if (cown == nullptr) {
            py::raise(PyExc_TypeError, "expected a Cown, not %.200s",
                      Py_TYPE(object)->tp_name);
        }
        cown->lend();
        return py::Ref::none();
    });
}

PyMethodDef functions[] = {
    {"is_primary", is_primary, METH_NOARGS,
     "is_primary()\n--\n\nWhether this is the interpreter that first imported bocpy."},
    {"index", index, METH_NOARGS,
     "index()\n--\n\nSmall number of the interpreter or worker; 0 is the primary."},
    {"insist", insist, METH_O,
     "insist(finish, /)\n--\n\nCall finish(None), then finish(error) with what the "
     "call "
     "before has raised, until\nit returns or raises that error itself, but at most "
     "100 times."},
    {"recycle", recycle, METH_NOARGS,
     "recycle()\n--\n\nFree what came back to this interpreter."},
    {"cowns", cowns, METH_NOARGS,
     "cowns()\n--\n\nCowns whose values this interpreter still stores for others."},
    {"physical_cpu_count", physical_cpu_count, METH_NOARGS,
     "physical_cpu_count()\n--\n\nDistinct physical cores usable here; 0 if unknown."},
    {"scheduler_stats", scheduler_stats, METH_NOARGS,
     "scheduler_stats()\n--\n\nOne dict of counters per worker; [] without a runtime."},
    {"scheduler_runtime_start", runtime_start, METH_O, nullptr},
    {"scheduler_runtime_stop", runtime_stop, METH_NOARGS, nullptr},
    {"scheduler_worker_register", worker_register, METH_NOARGS, nullptr},
    {"scheduler_worker_pop", worker_pop, METH_NOARGS, nullptr},
    {"scheduler_request_stop_all", request_stop_all, METH_NOARGS, nullptr},
    {"scheduler_drain_all_queues", drain_all, METH_NOARGS, nullptr},
    {"terminator_inc", terminator_inc, METH_NOARGS, nullptr},
    {"terminator_dec", terminator_dec, METH_NOARGS, nullptr},
    {"terminator_close", terminator_close, METH_NOARGS, nullptr},
    {"terminator_wait", terminator_wait, METH_O, nullptr},
    {"terminator_run", terminator_run, METH_NOARGS, nullptr},
    {"terminator_seed_dec", terminator_seed_dec, METH_NOARGS, nullptr},
    {"terminator_seed_inc", terminator_seed_inc, METH_NOARGS, nullptr},
    {"terminator_reset", terminator_reset, METH_NOARGS, nullptr},
    {"terminator_count", terminator_count, METH_NOARGS, nullptr},
    {"terminator_seeded", terminator_seeded, METH_NOARGS, nullptr},
    {"_set_running", set_running, METH_O, nullptr},
    {"_forget_runtime", forget_runtime, METH_NOARGS,
     "_forget_runtime()\n--\n\nIn the child of a fork: let go of the parent's runtime; "
     "whether nothing was pending."},
    {"_set_crossing", set_values_crossing, METH_O, nullptr},
    {"_packing", packing, METH_NOARGS,
     "_packing()\n--\n\nWhether this thread pickles a value that is about to cross."},
    {"_lend", lend, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void require_primary(const char* name) {
    if (!Home::on_main()) {
        py::raise(PyExc_RuntimeError, "%s must be called from the primary interpreter",
                  name);
    }
}

void add_runtime(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
