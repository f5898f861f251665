#include "bind/behavior_capsule.h"
#include "bind/state.h"
#include "capture.h"
#include "handle.h"
#include "runtime.h"
#include "seat.h"
#include "site.h"

#include <vector>

namespace boc::bind {

namespace {

/// A `BehaviorCapsule`. Holds one count of its behavior.
struct BehaviorHandle {
    PyObject_HEAD Behavior* behavior;
    bool taken; ///< from the scheduler
};

Behavior& behind(PyObject* self) {
    return *reinterpret_cast<BehaviorHandle*>(self)->behavior;
}

/// The arguments of `BehaviorCapsule(thunk, result, args, captures[, n_args])`.
struct Parts {
    PyObject* thunk = nullptr;
    PyObject* result = nullptr;
    PyObject* args = nullptr;
    PyObject* captures = nullptr;
    Py_ssize_t n_args = -1;    ///< -1: not told
    std::vector<py::Ref> kept; ///< capsules that cowns point into
    std::vector<Cown*> cowns;
    std::vector<Position> positions;
};

/// As a tuple: what the items run when they are read may change a list.
py::Ref sequence(PyObject* object, const char* message) {
    if (PySequence_Check(object) == 0) {
        py::raise(PyExc_TypeError, "%s", message);
    }
    return py::Ref::steal(PySequence_Tuple(object));
}

constexpr Py_ssize_t kMostParameters = 1'000'000;

void add_empty_groups(Parts& parts, unsigned long until) {
    while (parts.n_args >= 0 && parts.positions.size() < until) {
        parts.positions.push_back({0, true});
    }
}

/// One (group id, capsule) pair; a run of one negative id is a group.
void add_pair(Parts& parts, PyObject* pair, long& last) {
    long id = 0;
    PyObject* capsule = nullptr;
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        py::raise(PyExc_TypeError,
                  "each of args must be a pair (group id, CownCapsule)");
    }
    id = PyLong_AsLong(PyTuple_GET_ITEM(pair, 0));
    if (id == -1 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    capsule = PyTuple_GET_ITEM(pair, 1);
    if (!is_capsule(capsule)) {
        py::raise(PyExc_TypeError,
                  "each of args must be a pair (group id, CownCapsule)");
    }
    const auto place =
        id < 0 ? 0 - static_cast<unsigned long>(id) : static_cast<unsigned long>(id);
    if (parts.n_args >= 0 &&
        (id == 0 || place > static_cast<unsigned long>(parts.n_args))) {
        py::raise(PyExc_ValueError, "group id %ld is not within 1..%zd", id,
                  parts.n_args);
    }
    if (id < 0 && id == last) {
        ++parts.positions.back().count;
    } else {
        add_empty_groups(parts, place - 1);
        parts.positions.push_back({1, id < 0});
    }
    last = id;
    parts.kept.push_back(py::Ref::share(capsule));
    parts.cowns.push_back(cown_behind(capsule));
}

void read_pairs(Parts& parts) {
    const py::Ref pairs = sequence(parts.args, "args must be a sequence");
    long last = 0;
    if (parts.n_args > kMostParameters) {
        py::raise(PyExc_ValueError, "n_args is at most %zd", kMostParameters);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(pairs.get()); ++i) {
        add_pair(parts, PyTuple_GET_ITEM(pairs.get(), i), last);
    }
    add_empty_groups(parts, static_cast<unsigned long>(parts.n_args));
}

BehaviorPtr create(const Parts& parts, std::size_t captures) {
    return BehaviorPtr{Behavior::create(parts.cowns, parts.positions, captures,
                                        CownPtr::share(cown_behind(parts.result)))};
}

void pack_all(PyObject* values, std::span<Parcel> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = Parcel::pack(PyTuple_GET_ITEM(values, static_cast<Py_ssize_t>(i)),
                              "capture");
    }
}

/// A behavior with a function, its implicit captures behind the ones that were given.
BehaviorPtr make_from_function(const Parts& parts, PyObject* given) {
    const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(given));
    const py::Ref function = plain_function(parts.thunk);
    const auto known = Home::current().plans->find(function.get());
    BehaviorPtr made = create(parts, count + known->plan->implicit());
    made->set_plan(known->plan);
    pack_all(given, made->captures().first(count));
    capture_implicit(*known, function.get(), made->captures().subspan(count));
    return made;
}

BehaviorPtr make_from_name(const Parts& parts, PyObject* given) {
    const char* const name = PyUnicode_AsUTF8(parts.thunk);
    if (name == nullptr) {
        throw py::ErrorSet{};
    }
    BehaviorPtr made = create(parts, static_cast<std::size_t>(PyTuple_GET_SIZE(given)));
    made->set_thunk(name);
    pack_all(given, made->captures());
    return made;
}

PyObject* behavior_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
    return py::guarded([&] {
        Parts parts;
        static const char* const names[] = {"thunk",    "result", "args",
                                            "captures", "n_args", nullptr};
        if (PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|n:BehaviorCapsule",
                                        const_cast<char**>(names), &parts.thunk,
                                        &parts.result, &parts.args, &parts.captures,
                                        &parts.n_args) == 0) {
            throw py::ErrorSet{};
        }
        if (PyUnicode_Check(parts.thunk) == 0 && PyCallable_Check(parts.thunk) == 0) {
            py::raise(PyExc_TypeError, "thunk must be a str or a function, not %.200s",
                      Py_TYPE(parts.thunk)->tp_name);
        }
        if (!is_capsule(parts.result)) {
            py::raise(PyExc_TypeError, "result must be a CownCapsule, not %.200s",
                      Py_TYPE(parts.result)->tp_name);
        }
        if (cown_behind(parts.result)->pinned()) {
            py::raise(PyExc_TypeError, "result must not be a pinned cown");
        }
        read_pairs(parts);
        const py::Ref given = sequence(parts.captures, "captures must be a sequence");
        BehaviorPtr made = PyUnicode_Check(parts.thunk) != 0
                               ? make_from_name(parts, given.get())
                               : make_from_function(parts, given.get());
        made->set_site(SiteCache::outside("bocpy.behaviors"));
        made->put_back();
        py::Ref self = py::Ref::steal(type->tp_alloc(type, 0));
        reinterpret_cast<BehaviorHandle*>(self.get())->behavior = made.release();
        return self;
    });
}

/// What was taken from the scheduler, and is let go without having run, is dropped.
void let_fall(Behavior* held, bool taken) noexcept {
    if (!taken || held->loose() || !held->queued()) {
        held->drop();
        return;
    }
    const py::ErrorPause pause;
    PyErr_SetString(PyExc_RuntimeError,
                    "behavior dropped: it was taken from the scheduler and never ran");
    held->abandon(py::take_error());
}

void behavior_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    const auto* const handle = reinterpret_cast<BehaviorHandle*>(self);
    if (handle->behavior != nullptr) {
        let_fall(handle->behavior, handle->taken);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

template <typename Step>
PyObject* step(PyObject* self, Step&& body) {
    return py::guarded([&] {
        body(behind(self));
        return py::Ref::none();
    });
}

/// Holds a behavior for one step. B5
class InHand {
public:
    explicit InHand(Behavior& behavior) : behavior_{behavior} {
        if (!behavior.take_up()) {
            py::raise(PyExc_RuntimeError,
                      "the behavior is scheduled, in use, or has released all it had");
        }
    }
    ~InHand() {
        if (loose_) {
            behavior_.let_loose();
        } else {
            behavior_.put_back();
        }
    }
    InHand(const InHand&) = delete;
    InHand& operator=(const InHand&) = delete;
    void let_loose() noexcept { loose_ = true; }

private:
    Behavior& behavior_;
    bool loose_ = false;
};

/// From the hand to the schedule: it may have run before this returns.
void hand_over(Behavior& behavior) {
    behavior.retain(); // the schedule's
    if (!behavior.schedule()) {
        behavior.drop();
        behavior.put_back();
        py::raise(PyExc_RuntimeError, "bocpy runtime is not running");
    }
}

PyObject* schedule(PyObject* self, PyObject*) {
    return step(self, [](Behavior& behavior) {
        {
            InHand hand{behavior};
            if (behavior.queued()) {
                py::raise(PyExc_RuntimeError, "the behavior was scheduled before");
            }
            for (Cown* const cown : behavior.cowns()) {
                cown->reclaim();
            }
            hand.let_loose();
        }
        hand_over(behavior);
    });
}

PyObject* acquire(PyObject* self, PyObject*) {
    return step(self, [](Behavior& behavior) {
        const InHand hand{behavior};
        behavior.result()->acquire();
        behavior.acquire_cowns();
    });
}

PyObject* release(PyObject* self, PyObject*) {
    return step(self, [](Behavior& behavior) {
        const InHand hand{behavior};
        const py::Ref failed = behavior.result()->release_or_fail(&behavior, false);
        static_cast<void>(behavior.release_cowns());
    });
}

PyObject* release_all(PyObject* self, PyObject*) {
    return step(self, [](Behavior& behavior) {
        if (behavior.loose() && !behavior.queued()) {
            return; // done before
        }
        InHand hand{behavior};
        behavior.unlink();
        behavior.let_go();
        hand.let_loose();
    });
}

PyObject* set_exception(PyObject* self, PyObject* error) {
    return step(self, [error](Behavior& behavior) {
        behavior.result()->set_value(py::Ref::share(error), true);
    });
}

PyObject* set_drop_exception(PyObject* self, PyObject* error) {
    return step(self, [error](Behavior& behavior) {
        behavior.result()->store(py::Ref::share(error), true, &behavior);
    });
}

PyObject* execute(PyObject* self, PyObject* space) {
    return py::guarded([&] {
        Behavior& behavior = behind(self);
        const InHand hand{behavior};
        PyObject* const answer = py::guarded([&] {
            Seat seat;
            if (behavior.thunk().empty()) {
                return seat.call(behavior);
            }
            const py::Ref thunk = py::attribute(space, behavior.thunk().c_str());
            return Seat::call_with_captures(behavior, thunk.get());
        });
        py::Ref value = answer != nullptr ? py::Ref::steal(answer) : py::take_error();
        behavior.result()->set_value(value.share(), answer == nullptr);
        return value;
    });
}

PyMethodDef methods[] = {
    {"schedule", schedule, METH_NOARGS,
     "schedule($self)\n--\n\nQueue it on all its cowns."},
    {"acquire", acquire, METH_NOARGS,
     "acquire($self)\n--\n\nAcquire result and cowns."},
    {"execute", execute, METH_O,
     "execute($self, namespace, /)\n--\n\nCall the thunk; store and return its "
     "outcome."},
    {"release", release, METH_NOARGS,
     "release($self)\n--\n\nRelease result and cowns."},
    {"release_all", release_all, METH_NOARGS,
     "release_all($self)\n--\n\nHand every queue place to its successor."},
    {"set_exception", set_exception, METH_O,
     "set_exception($self, exception, /)\n--\n\nStore it in the acquired result."},
    {"set_drop_exception", set_drop_exception, METH_O,
     "set_drop_exception($self, exception, /)\n--\n\nStore it in the released result."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("BehaviorCapsule(thunk, result, args, captures, "
                                  "n_args=-1)\n--\n\nA behavior driven by hand.")},
    {Py_tp_new, py::slot(behavior_new)},
    {Py_tp_dealloc, py::slot(behavior_dealloc)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "bocpy._core.BehaviorCapsule",
    .basicsize = sizeof(BehaviorHandle),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

} // namespace

py::Ref make_behavior_capsule(State& state, Behavior* counted) {
    PyTypeObject* const type = state.behavior_type;
    BehaviorPtr held{counted};
    held->put_back();
    py::Ref self = py::Ref::steal(type->tp_alloc(type, 0));
    auto* const handle = reinterpret_cast<BehaviorHandle*>(self.get());
    handle->behavior = held.release();
    handle->taken = true;
    return self;
}

void add_behavior(PyObject* module) {
    State& state = state_of(module);
    state.behavior_type = py::make_type(module, &spec);
    py::check(PyModule_AddType(module, state.behavior_type));
}

} // namespace boc::bind
