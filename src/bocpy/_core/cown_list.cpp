#include "cown_list.h"

#include "handle.h"

namespace boc {

namespace {

Cown* require_cown(PyObject* object) {
    Cown* const cown = cown_behind(object);
    if (cown == nullptr) {
        py::raise(PyExc_TypeError,
                  "can only schedule over cowns or sequences of cowns, not %.200s",
                  Py_TYPE(object)->tp_name);
    }
    return cown;
}

bool is_group(PyObject* argument) {
    return PyList_Check(argument) || PyTuple_Check(argument);
}

/// Calls `use` with each member of a list or tuple, or with the argument itself.
template <typename Use>
void each_member(PyObject* argument, Use use) {
    if (!is_group(argument)) {
        use(argument);
        return;
    }
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(argument); ++i) {
        use(PySequence_Fast_GET_ITEM(argument, i));
    }
}

} // namespace

void CownList::check(PyObject* argument) {
    each_member(argument, require_cown);
}

void CownList::add(PyObject* argument) {
    const std::size_t before = cowns_.size();
    each_member(argument,
                [this](PyObject* member) { cowns_.add(require_cown(member)); });
    positions_.add(
        {static_cast<std::uint32_t>(cowns_.size() - before), is_group(argument)});
}

} // namespace boc
