#pragma once

#include "py/error.h"

#include <array>
#include <cstddef>

namespace boc::bind {

/// What a function calls itself and its parameters; the first `required` have no
/// default.
template <std::size_t count>
struct Signature {
    const char* function;
    std::array<const char*, count> names;
    std::size_t required;
};

/// The arguments of a METH_FASTCALL | METH_KEYWORDS call, lent; null where none was
/// given.
template <std::size_t count>
std::array<PyObject*, count> parse_arguments(const Signature<count>& signature,
                                             PyObject* const* args, Py_ssize_t given,
                                             PyObject* keywords) {
    const auto positional = static_cast<std::size_t>(given);
    if (positional > count) {
        py::raise(PyExc_TypeError, "%s() takes at most %zu arguments (%zu given)",
                  signature.function, count, positional);
    }
    std::array<PyObject*, count> values{};
    for (std::size_t i = 0; i < positional; ++i) {
        values[i] = args[i];
    }
    const Py_ssize_t named = keywords != nullptr ? PyTuple_GET_SIZE(keywords) : 0;
    for (Py_ssize_t i = 0; i < named; ++i) {
        PyObject* const name = PyTuple_GET_ITEM(keywords, i);
        std::size_t slot = 0;
        while (slot < count &&
               PyUnicode_CompareWithASCIIString(name, signature.names[slot]) != 0) {
            ++slot;
        }
        if (slot == count || values[slot] != nullptr) {
            py::raise(PyExc_TypeError,
                      slot == count ? "%s() got an unexpected keyword argument %R"
                                    : "%s() got multiple values for argument %R",
                      signature.function, name);
        }
        values[slot] = args[given + i];
    }
    for (std::size_t i = 0; i < signature.required; ++i) {
        if (values[i] == nullptr) {
            py::raise(PyExc_TypeError, "%s() missing required argument: '%s'",
                      signature.function, signature.names[i]);
        }
    }
    return values;
}

} // namespace boc::bind
