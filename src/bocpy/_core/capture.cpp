#include "capture.h"

#include "handle.h"
#include "per_thread.h"
#include "py/error.h"

namespace boc {

namespace {

py::Ref name_object(const std::string& name) {
    return py::Ref::steal(PyUnicode_InternFromString(name.c_str()));
}

PyCodeObject* code_of(PyObject* function) {
    return reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(function));
}

[[noreturn]] void cannot_resolve(PyObject* name) {
    const py::Ref type = py::import("bocpy.errors", "CaptureError");
    py::raise(type.get(), "Cannot resolve capture: %U", name);
}

Py_ssize_t count_defaults(PyObject* function) {
    PyObject* const defaults = PyFunction_GET_DEFAULTS(function);
    return defaults != nullptr ? PyTuple_GET_SIZE(defaults) : 0;
}

/// Positional defaults that the cowns leave to be captured.
Py_ssize_t captured_defaults(const Plan& plan, Py_ssize_t cowns) {
    return plan.positional > cowns ? plan.positional - cowns : 0;
}

/// The builtins of a frame may be any mapping.
bool is_builtin(PyObject* name) {
    PyObject* const builtins = PyEval_GetBuiltins();
    if (PyDict_Check(builtins) != 0) {
        return py::check(PyDict_Contains(builtins, name)) != 0;
    }
    const py::Ref found = py::Ref::adopt(PyObject_GetItem(builtins, name));
    if (!found && PyErr_ExceptionMatches(PyExc_LookupError) == 0) {
        throw py::ErrorSet{};
    }
    PyErr_Clear();
    return static_cast<bool>(found);
}

/// Functions, modules and classes cross by a stand-in, or stay what they are among
/// threads of one interpreter. `what` as in Parcel::pack.
Parcel pack_captured(PyObject* value, const char* what) {
    const bool definition =
        PyFunction_Check(value) || PyModule_CheckExact(value) || PyType_Check(value);
    if (!definition) {
        return Parcel::pack(value, what);
    }
    if (keeps_definitions()) {
        return Parcel::keep(value);
    }
    return Parcel::pack(
        py::call(py::import("bocpy._capture", "portable").get(), value).get(), what);
}

/// The parameter whose default is at this place.
const char* name_of_default(const Plan& plan, PyObject* defaults, Py_ssize_t at) {
    const auto index = plan.positional - PyTuple_GET_SIZE(defaults) + at;
    return plan.parameters[static_cast<std::size_t>(index)].c_str();
}

void capture_cells(const Plan& plan, PyObject* function, std::span<Parcel> out) {
    PyObject* const cells = PyFunction_GET_CLOSURE(function);
    for (std::size_t i = 0; i < plan.free.size(); ++i) {
        PyObject* const cell = PyTuple_GET_ITEM(cells, static_cast<Py_ssize_t>(i));
        const py::Ref value = py::Ref::adopt(PyCell_Get(cell));
        if (!value) {
            cannot_resolve(name_object(plan.free[i]).get());
        }
        out[i] = pack_captured(value.get(), plan.free[i].c_str());
    }
}

Parcel capture_global(PyObject* space, PyObject* name, const Plan::Global& global) {
    const std::uint8_t flags = global.flags;
    const py::Ref value = py::entry(space, name);
    if (!value) {
        const bool optional = (flags & (Plan::kMaybe | Plan::kHandle)) != 0;
        if (!optional && !is_builtin(name)) {
            cannot_resolve(name);
        }
        return {};
    }
    if ((flags & Plan::kHandle) != 0 && cown_behind(value.get()) == nullptr) {
        return {};
    }
    Parcel packed;
    const bool optional = (flags & Plan::kOptional) != 0;
    const char* const what = optional ? nullptr : global.name.c_str();
    const int done =
        py::guarded_int([&] { packed = pack_captured(value.get(), what); });
    if (done < 0) {
        if (!optional || PyErr_ExceptionMatches(PyExc_Exception) == 0) {
            throw py::ErrorSet{};
        }
        PyErr_Clear();
    }
    return packed;
}

void check_count(Py_ssize_t positional, bool varargs, Py_ssize_t cowns,
                 PyObject* function) {
    const Py_ssize_t defaults = count_defaults(function);
    const Py_ssize_t required = positional - defaults;
    if (cowns == required || (varargs && cowns >= required)) {
        return;
    }
    if (cowns > positional) {
        py::raise(
            PyExc_TypeError,
            "%R takes %zd positional parameters but @when was given %zd arguments; "
            "give it one parameter for each",
            function, positional, cowns);
    }
    py::raise(
        PyExc_TypeError,
        "%R takes %zd positional parameters, %zd of them with defaults, but @when was "
        "given %zd arguments: each parameter beyond those must be a capture with a "
        "default (name=name)",
        function, positional, defaults, cowns);
}

/// Whether the function may be the wrapper of another.
bool encloses_function(PyObject* function) {
    PyObject* const cells = PyFunction_GET_CLOSURE(function);
    for (Py_ssize_t i = 0; cells != nullptr && i < PyTuple_GET_SIZE(cells); ++i) {
        const py::Ref content = py::Ref::adopt(PyCell_Get(PyTuple_GET_ITEM(cells, i)));
        if (content && PyFunction_Check(content.get())) {
            return true;
        }
    }
    return false;
}

} // namespace

py::Ref plain_function(PyObject* callable) {
    if (PyFunction_Check(callable) &&
        reinterpret_cast<PyFunctionObject*>(callable)->func_dict == nullptr &&
        !encloses_function(callable)) {
        return py::Ref::share(callable);
    }
    py::Ref found =
        py::call(py::import("bocpy._capture", "undecorated").get(), callable);
    if (!PyFunction_Check(found.get())) {
        py::raise(PyExc_TypeError, "@when needs a function, not %.200s",
                  Py_TYPE(found.get())->tp_name);
    }
    return found;
}

PlanCache::Memo* PlanCache::memo_of(PyObject* code) noexcept {
    Memos* const memos = PerThread<Memos>::mine();
    const auto address = reinterpret_cast<std::uintptr_t>(code);
    return memos != nullptr ? &(*memos)[(address >> 5) % kMemos] : nullptr;
}

void PlanCache::remember(const Known& known) noexcept {
    PyObject* const code = known.code.get();
    Memo* const memo = known.plan->implicit() == 0 ? memo_of(code) : nullptr;
    if (memo != nullptr) {
        *memo = {code, known.globals, known.plan,
                 epoch_.load(std::memory_order_acquire)}; // PC1
    }
}

const Plan* PlanCache::recall(PyObject* function) noexcept {
    PyObject* const code = PyFunction_GET_CODE(function);
    const Memo* const memo = memo_of(code);
    return memo != nullptr && memo->code == code &&
                   memo->globals == PyFunction_GET_GLOBALS(function) &&
                   memo->epoch == epoch_.load(std::memory_order_acquire) // PC1
               ? memo->plan
               : nullptr;
}

std::shared_ptr<const Known> PlanCache::find(PyObject* function) {
    PyObject* const code = PyFunction_GET_CODE(function);
    {
        const std::scoped_lock lock{mutex_};
        const auto found = known_.find(code);
        if (found != known_.end() &&
            found->second->globals == PyFunction_GET_GLOBALS(function)) {
            remember(*found->second);
            return found->second;
        }
    }
    return describe(function);
}

std::shared_ptr<const Known> PlanCache::describe(PyObject* function) {
    const py::Ref description =
        py::call(py::import("bocpy._capture", "describe").get(), function);
    auto fresh = std::make_shared<Known>();
    fresh->code = py::Ref::share(PyFunction_GET_CODE(function));
    fresh->globals = PyFunction_GET_GLOBALS(function);
    fresh->plan = Plan::intern(description.get(), code_of(function));
    for (const std::string& name : fresh->plan->kwonly) {
        fresh->kwonly.push_back(name_object(name));
    }
    for (const Plan::Global& global : fresh->plan->globals) {
        fresh->global_names.push_back(name_object(global.name));
    }
    std::unordered_map<PyObject*, std::shared_ptr<const Known>> outgrown;
    std::shared_ptr<const Known> replaced;
    const std::scoped_lock lock{mutex_};
    if (known_.size() >= kMost) {
        known_.swap(outgrown);
    }
    replaced = std::exchange(known_[fresh->code.get()], fresh);
    if (replaced || !outgrown.empty()) {
        epoch_.fetch_add(1, std::memory_order_release); // PC1
    }
    remember(*fresh);
    return fresh;
}

void PlanCache::clear() noexcept {
    std::unordered_map<PyObject*, std::shared_ptr<const Known>> forgotten;
    const std::scoped_lock lock{mutex_};
    epoch_.fetch_add(1, std::memory_order_release); // PC1
    known_.swap(forgotten);
}

std::size_t count_captures(const Plan& plan, PyObject* function, Py_ssize_t cowns) {
    check_count(plan.positional, plan.varargs, cowns, function);
    return static_cast<std::size_t>(captured_defaults(plan, cowns)) + plan.implicit();
}

void capture(const Known& known, PyObject* function, std::span<Parcel> out) {
    const std::size_t defaults = out.size() - known.plan->implicit();
    const py::Ref values = py::Ref::share(PyFunction_GET_DEFAULTS(function));
    for (std::size_t i = 0; i < defaults; ++i) {
        const auto at =
            PyTuple_GET_SIZE(values.get()) - static_cast<Py_ssize_t>(defaults - i);
        out[i] = pack_captured(PyTuple_GET_ITEM(values.get(), at),
                               name_of_default(*known.plan, values.get(), at));
    }
    capture_implicit(known, function, out.subspan(defaults));
}

void capture_implicit(const Known& known, PyObject* function, std::span<Parcel> out) {
    const Plan& plan = *known.plan;
    const py::Ref named = py::Ref::share(PyFunction_GET_KW_DEFAULTS(function));
    auto next = out.begin();
    for (std::size_t i = 0; i < known.kwonly.size(); ++i) {
        PyObject* const name = known.kwonly[i].get();
        const py::Ref value = named ? py::entry(named.get(), name) : py::Ref{};
        if (!value) {
            cannot_resolve(name);
        }
        *next++ = pack_captured(value.get(), plan.kwonly[i].c_str());
    }
    capture_cells(plan, function, {next, plan.free.size()});
    next += static_cast<std::ptrdiff_t>(plan.free.size());
    for (std::size_t i = 0; i < plan.globals.size(); ++i) {
        *next++ = capture_global(PyFunction_GET_GLOBALS(function),
                                 known.global_names[i].get(), plan.globals[i]);
    }
}

} // namespace boc
