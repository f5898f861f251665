#include "plan.h"

#include "immortal.h"
#include "py/error.h"

#include <memory>
#include <mutex>
#include <unordered_map>

namespace boc {

namespace {

/// Places of `bocpy._capture.Description`.
enum Place : std::uint8_t {
    kKey,
    kModule,
    kPositional,
    kVarargs,
    kKwonly,
    kFree,
    kGlobals,
    kFlags,
    kStores,
    kBlob,
};

struct Registry {
    std::mutex mutex;
    std::unordered_map<std::string, std::unique_ptr<const Plan>> plans;
};

Registry& registry() noexcept {
    static Immortal<Registry> all;
    return *all;
}

std::string bytes(PyObject* object) {
    char* data = nullptr;
    Py_ssize_t size = 0;
    py::check(PyBytes_AsStringAndSize(object, &data, &size));
    return {data, static_cast<std::size_t>(size)};
}

std::vector<std::string> names(PyObject* tuple) {
    std::vector<std::string> all;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
        all.push_back(py::text(PyTuple_GET_ITEM(tuple, i)));
    }
    return all;
}

} // namespace

Plan* Plan::read(PyObject* description) {
    const auto at = [description](Place place) {
        return PyTuple_GET_ITEM(description, place);
    };
    std::unique_ptr<Plan> plan{new Plan};
    plan->key = py::text(at(kKey));
    plan->module = py::text(at(kModule));
    plan->positional = PyLong_AsSsize_t(at(kPositional));
    plan->varargs = at(kVarargs) == Py_True;
    plan->kwonly = names(at(kKwonly));
    plan->free = names(at(kFree));
    plan->stores = names(at(kStores));
    plan->blob = bytes(at(kBlob));
    const std::string flags = bytes(at(kFlags));
    for (std::string& name : names(at(kGlobals))) {
        const auto flag = static_cast<std::uint8_t>(flags.at(plan->globals.size()));
        plan->globals.push_back({std::move(name), flag});
    }
    return plan.release();
}

std::string Plan::parameter(std::size_t place) const {
    const auto named = static_cast<std::size_t>(positional);
    if (place < named) {
        return parameters[place];
    }
    return parameters[named + kwonly.size()] + "[" + std::to_string(place - named) +
           "]";
}

std::string Plan::label() const {
    return file.empty() ? name : name + " (" + file + ":" + std::to_string(line) + ")";
}

const Plan* Plan::intern(PyObject* description, PyCodeObject* code) {
    std::unique_ptr<Plan> fresh{read(description)};
    auto* const object = reinterpret_cast<PyObject*>(code);
    fresh->parameters = names(py::attribute(object, "co_varnames").get());
    fresh->name = py::shown(code->co_name);
    fresh->file = py::shown(code->co_filename);
    fresh->line = code->co_firstlineno;
    Registry& all = registry();
    const std::scoped_lock lock{all.mutex};
    fresh->id = all.plans.size();
    const std::string key = fresh->key;
    return all.plans.try_emplace(key, std::move(fresh)).first->second.get();
}

const Plan* Plan::find(const std::string& key) noexcept {
    Registry& all = registry();
    const std::scoped_lock lock{all.mutex};
    const auto found = all.plans.find(key);
    return found == all.plans.end() ? nullptr : found->second.get();
}

} // namespace boc
