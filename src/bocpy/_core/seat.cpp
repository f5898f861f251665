#include "seat.h"

#include "failure.h"
#include "handle.h"
#include "noticeboard.h"
#include "py/spares.h"
#include "runtime.h"
#include "sched.h"
#include "terminator.h"

namespace boc {

/// One plan in one worker: its function, or what makes one for each run.
struct Bound {
    py::Ref code;
    py::Ref space;  ///< globals of the body
    py::Ref module; ///< dict of the module it comes from
    py::Ref refresh;
    py::Ref function; ///< null if the body has free variables
    py::Ref keywords; ///< tuple of names, or null
    std::vector<py::Ref> globals;
    std::vector<py::Ref> stores;
    bool abroad = true; ///< not the interpreter that scheduled

    [[nodiscard]] bool isolated() const noexcept { return space.get() != module.get(); }
};

namespace {

/// Values may stay in a home while a worker is in it.
struct Hosting {
    explicit Hosting(Home& where) noexcept : home{where} { home.host(); }
    Hosting(const Hosting&) = delete;
    Hosting& operator=(const Hosting&) = delete;
    ~Hosting() noexcept(false) { home.unhost(); }

    Home& home;
};

py::Ref interned(const std::string& name) {
    PyObject* made =
        PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
    if (made != nullptr) {
        PyUnicode_InternInPlace(&made);
    }
    return py::Ref::steal(made);
}

template <typename Names, typename Text>
py::Ref tuple_of(const Names& names, Text text) {
    py::Ref tuple = py::Ref::steal(PyTuple_New(static_cast<Py_ssize_t>(names.size())));
    Py_ssize_t i = 0;
    for (const auto& name : names) {
        PyTuple_SET_ITEM(tuple.get(), i++, interned(text(name)).release());
    }
    return tuple;
}

/// Makes `to[name]` what `from[name]` is, also if that is nothing.
void copy_entry(PyObject* from, PyObject* to, PyObject* name) {
    if (const py::Ref value = py::entry(from, name)) {
        py::check(PyDict_SetItem(to, name, value.get()));
    } else if (py::check(PyDict_Contains(to, name)) != 0) {
        py::check(PyDict_DelItem(to, name));
    }
}

void publish(Bound& bound, const Plan::Global& global, PyObject* name,
             PyObject* value) {
    const bool cown = cown_behind(value) != nullptr;
    if (bound.abroad || (bound.isolated() && (global.flags & Plan::kHandle) == 0)) {
        py::check(PyDict_SetItem(bound.space.get(), name, value));
    }
    if (bound.abroad && cown && (global.flags & Plan::kPublish) != 0) {
        py::check(PyDict_SetItem(bound.module.get(), name, value));
    }
}

/// What the body calls the captured value at this place: defaults that the cowns leave,
/// then keyword-only parameters, free variables, globals.
std::string name_of_capture(Behavior& behavior, std::size_t place) {
    const Plan& plan = *behavior.plan();
    const std::size_t defaults = behavior.captures().size() - plan.implicit();
    if (place < defaults) {
        return plan.parameter(behavior.positions().size() + place);
    }
    place -= defaults;
    for (const auto* const names : {&plan.kwonly, &plan.free}) {
        if (place < names->size()) {
            return (*names)[place];
        }
        place -= names->size();
    }
    return plan.globals[place].name;
}

/// A captured value of a behavior that has a plan.
py::Ref load(Behavior& behavior, const Parcel& value) {
    return unpack_or_note(value, [&] {
        const std::ptrdiff_t place = &value - behavior.captures().data();
        return "while loading the captured '" +
               name_of_capture(behavior, static_cast<std::size_t>(place)) + "' for " +
               behavior.label() + ", which did not run";
    });
}

/// Puts the captured globals where the body will look for them.
void set_globals(Bound& bound, Behavior& behavior, const Parcel* values) {
    const Plan& plan = *behavior.plan();
    const bool isolated = bound.isolated();
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(bound.refresh.get()); ++i) {
        copy_entry(bound.module.get(), bound.space.get(),
                   PyTuple_GET_ITEM(bound.refresh.get(), i));
    }
    for (std::size_t i = 0; i < plan.globals.size(); ++i) {
        PyObject* const name = bound.globals[i].get();
        if (!values[i].empty()) {
            publish(bound, plan.globals[i], name, load(behavior, values[i]).get());
        } else if (isolated) {
            copy_entry(bound.module.get(), bound.space.get(), name);
        }
    }
}

/// Hands the globals that the body assigned to its module, also after a failure.
class Stores {
public:
    explicit Stores(const Bound& bound) noexcept : bound_{bound} {}
    Stores(const Stores&) = delete;
    Stores& operator=(const Stores&) = delete;
    ~Stores() {
        if (bound_.stores.empty() || !bound_.isolated()) {
            return;
        }
        const py::ErrorPause pause;
        const int done = py::guarded_int([this] {
            for (const py::Ref& name : bound_.stores) {
                copy_entry(bound_.space.get(), bound_.module.get(), name.get());
            }
        });
        if (done < 0) {
            py::report_unraisable(bound_.module.get());
        }
    }

private:
    const Bound& bound_;
};

/// A function with fresh cells for its free variables.
py::Ref with_cells(const Bound& bound, Behavior& behavior, const Parcel* values) {
    py::Ref function =
        py::Ref::steal(PyFunction_New(bound.code.get(), bound.space.get()));
    const auto count = static_cast<Py_ssize_t>(behavior.plan()->free.size());
    const py::Ref cells = py::Ref::steal(PyTuple_New(count));
    for (Py_ssize_t i = 0; i < count; ++i) {
        const py::Ref value = load(behavior, values[i]);
        PyTuple_SET_ITEM(cells.get(), i,
                         py::Ref::steal(PyCell_New(value.get())).release());
    }
    py::check(PyFunction_SetClosure(function.get(), cells.get()));
    return function;
}

std::unique_ptr<Bound> make_bound(const Plan& plan) {
    const auto itself = [](const std::string& name) -> const std::string& {
        return name;
    };
    const auto name_of = [](const Plan::Global& global) -> const std::string& {
        return global.name;
    };
    auto bound = std::make_unique<Bound>();
    const py::Ref key = interned(plan.key);
    const py::Ref module = interned(plan.module);
    const py::Ref blob = py::Ref::steal(PyBytes_FromStringAndSize(
        plan.blob.data(), static_cast<Py_ssize_t>(plan.blob.size())));
    const py::Ref globals = tuple_of(plan.globals, name_of);
    const py::Ref stores = tuple_of(plan.stores, itself);
    const py::Ref bind = py::import("bocpy._capture", "bind");
    const py::Ref answer = py::call(bind.get(), key.get(), module.get(), blob.get(),
                                    globals.get(), stores.get());
    bound->code = py::Ref::share(PyTuple_GET_ITEM(answer.get(), 0));
    bound->space = py::Ref::share(PyTuple_GET_ITEM(answer.get(), 1));
    bound->module = py::Ref::share(PyTuple_GET_ITEM(answer.get(), 2));
    bound->refresh = py::Ref::share(PyTuple_GET_ITEM(answer.get(), 3));
    bound->abroad = !Home::current().primary();
    if (plan.free.empty()) {
        bound->function =
            py::Ref::steal(PyFunction_New(bound->code.get(), bound->space.get()));
    }
    if (!plan.kwonly.empty()) {
        bound->keywords = tuple_of(plan.kwonly, itself);
    }
    for (const Plan::Global& global : plan.globals) {
        bound->globals.push_back(interned(global.name));
    }
    for (const std::string& name : plan.stores) {
        bound->stores.push_back(interned(name));
    }
    return bound;
}

} // namespace

void Arguments::add_cowns(const Behavior& behavior) {
    Cown* const* next = behavior.cowns().data();
    for (const Position& position : behavior.positions()) {
        if (position.group) {
            add_group(next, position.count);
        } else {
            add(lend_capsule(*next));
        }
        next += position.count;
        ++positions_;
    }
}

void Arguments::add_group(Cown* const* cowns, std::size_t count) {
    const auto size = static_cast<Py_ssize_t>(count);
    py::Ref list = py::Ref::steal(PyList_New(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
        PyList_SET_ITEM(list.get(), i,
                        make_capsule(CownPtr::share(cowns[i])).release());
    }
    add(std::move(list));
}

Arguments::~Arguments() {
    for (std::size_t i = 1; i <= size_; ++i) {
        if (i <= positions_ && is_capsule(slots_[i])) {
            return_capsule(slots_[i]);
        } else {
            Py_DECREF(slots_[i]);
        }
    }
}

py::Ref Arguments::call(PyObject* callable, PyObject* names) const {
    const std::size_t named =
        names != nullptr ? static_cast<std::size_t>(PyTuple_GET_SIZE(names)) : 0;
    return py::Ref::steal(PyObject_Vectorcall(
        callable, slots_ + 1, (size_ - named) | PY_VECTORCALL_ARGUMENTS_OFFSET, names));
}

Seat::Seat() noexcept = default;

Seat::Seat(Post& post) noexcept : post_{&post} {
    post.serve();
}

Seat::~Seat() {
    if (post_ != nullptr) {
        post_->end();
    }
}

Bound& Seat::bind(const Plan& plan) {
    if (plan.id >= bounds_.size()) {
        bounds_.resize(plan.id + 1);
    }
    if (bounds_[plan.id] == nullptr) {
        std::unique_ptr<Bound> fresh = make_bound(plan); // may run Python code
        bounds_[plan.id] = std::move(fresh);
    }
    return *bounds_[plan.id];
}

py::Ref Seat::call_plan(Behavior& behavior, const Plan& plan) {
    Bound& bound = bind(plan);
    const std::span<Parcel> values = behavior.captures();
    const Parcel* const free =
        values.data() + (values.size() - plan.free.size() - plan.globals.size());
    const Parcel* const globals = free + plan.free.size();

    const auto passed = static_cast<std::size_t>(free - values.data());
    Arguments arguments{behavior.positions().size() + passed};
    arguments.add_cowns(behavior);
    for (std::size_t i = 0; i < passed; ++i) {
        arguments.add(load(behavior, values[i]));
    }
    set_globals(bound, behavior, globals);
    const Stores stores{bound};
    if (bound.function) {
        return arguments.call(bound.function.get(), bound.keywords.get());
    }
    return arguments.call(with_cells(bound, behavior, free).get(),
                          bound.keywords.get());
}

py::Ref Seat::call_with_captures(Behavior& behavior, PyObject* callable) {
    Arguments arguments{behavior.positions().size() + behavior.captures().size()};
    arguments.add_cowns(behavior);
    for (const Parcel& value : behavior.captures()) {
        arguments.add(value.unpack());
    }
    return arguments.call(callable);
}

py::Ref Seat::call_thunk(Behavior& behavior) {
    const py::Ref name = interned(behavior.thunk());
    const py::Ref thunk =
        py::call(py::import("bocpy.worker", "find_thunk").get(), name.get());
    return call_with_captures(behavior, thunk.get());
}

py::Ref Seat::call(Behavior& behavior) {
    if (behavior.plan() != nullptr) {
        return call_plan(behavior, *behavior.plan());
    }
    return call_thunk(behavior);
}

template <typename Told>
void Seat::run(Behavior& behavior, Told told) {
    post_->show(behavior);
    bool in_body = false;
    py::Ref value = py::Ref::adopt(py::guarded([&] {
        behavior.acquire_cowns();
        in_body = true;
        return call(behavior);
    }));
    bool raised = !value;
    if (raised) {
        value = py::take_error();
        told(value, in_body);
    }
    // Cowns first: a matrix that is also returned stays with its cown.
    if (py::Ref lost = behavior.release_cowns(); lost && !raised) {
        value = std::move(lost);
        raised = true;
    }
    behavior.settle(std::move(value), raised);
    post_->hide();
    behavior.unlink();
    behavior.let_go();
    Terminator::instance().leave(kept_count);
    behavior.drop(); // B1: the schedule's
}

Seat::Failure Seat::run_one(Behavior& behavior) {
    Failure failure;
    Noticeboard::rearm();
    run(behavior, [&failure](const py::Ref& error, bool in_body) {
        failure = {error.share(), in_body};
    });
    Terminator::instance().settle(kept_count); // T4
    return failure;
}

void Seat::work() {
    auto& scheduler = sched::Scheduler::instance();
    auto& terminator = Terminator::instance();
    Home& home = Home::current();
    const Hosting hosting{home};
    const py::Spares::Keeping spares{
        {home.capsule_type, home.cown_type, home.decorator_type}};
    for (;;) {
        sched::Work* item = scheduler.stopping() ? nullptr : scheduler.try_next();
        if (item == nullptr) {
            home.recycle();
            terminator.settle(kept_count); // T4
            const py::Detached detached;
            item = scheduler.wait_next();
        }
        if (item == nullptr) {
            return;
        }
        home.recycle();
        Noticeboard::rearm();
        run(*static_cast<Behavior*>(item), [](const py::Ref&, bool) {});
    }
}

} // namespace boc
