#include "census.h"

#include "bind/state.h"

#include <utility>

namespace boc::bind {

namespace {

constexpr std::pair<const char*, Counted> kKinds[] = {
    {"behaviors", Counted::kBehavior}, {"cowns", Counted::kCown},
    {"parcels", Counted::kParcel},     {"notices", Counted::kNotice},
    {"returns", Counted::kReturn},     {"pinned", Counted::kPinnedCown},
};
static_assert(std::size(kKinds) == kCountedKinds);

PyObject* live_counts(PyObject*, PyObject*) {
    return py::guarded([] {
        py::Ref counts = py::Ref::steal(PyDict_New());
        for (const auto& [name, kind] : kKinds) {
            const py::Ref total =
                py::Ref::steal(PyLong_FromLongLong(Census::total(kind)));
            py::check(PyDict_SetItemString(counts.get(), name, total.get()));
        }
        return counts;
    });
}

PyMethodDef functions[] = {
    {"live_counts", live_counts, METH_NOARGS,
     "live_counts()\n--\n\nHow many behaviors, cowns, parcels, notices, objects on "
     "their way home and pinned cowns live."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_census(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
