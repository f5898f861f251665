#include "alone.h"

#include "constant.h"

namespace boc {

namespace {

constexpr int kDeepest = 16;

/// Walks a value's tree. Every item it is shown is counted by the container it is in.
class Walk {
public:
    [[nodiscard]] bool alone(PyObject* item, int depth) const noexcept {
        return is_constant(home_, item) || (depth > 0 && container(item, depth - 1));
    }
    [[nodiscard]] bool container(PyObject* item, int depth) const noexcept {
        PyTypeObject* const type = Py_TYPE(item);
        if (type == &PyTuple_Type) {
            return tuple(item, depth);
        }
        if (Py_REFCNT(item) != 1) {
            return false;
        }
        if (type == &PyDict_Type) {
            return dict(item, depth);
        }
        if (type == &PyList_Type) {
            return list(item, depth);
        }
        return type == &PyByteArray_Type || (type == &PySet_Type && set(item)) ||
               (is_plain_class(home_, type) && instance(item, depth));
    }

private:
    /// What is hashed must not run code of a class when it is.
    [[nodiscard]] bool key(PyObject* item) const noexcept {
        if (Py_TYPE(item) != &PyTuple_Type) {
            return is_constant(home_, item);
        }
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(item); ++i) {
            if (!key(PyTuple_GET_ITEM(item, i))) {
                return false;
            }
        }
        return true;
    }
    /// Its collector knows every reference that an instance of a plain class has.
    [[nodiscard]] bool instance(PyObject* item, int depth) const noexcept {
        const Py_ssize_t weak = Py_TYPE(item)->tp_weaklistoffset;
        if (weak != 0 && *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(item) +
                                                       weak) != nullptr) {
            return false;
        }
        if (has_hidden_alias(item)) {
            return false;
        }
        const Visit visit{*this, reinterpret_cast<PyObject*>(Py_TYPE(item)), depth};
        return Py_TYPE(item)->tp_traverse(item, Visit::member,
                                          const_cast<Visit*>(&visit)) == 0;
    }
    struct Visit {
        const Walk& walk;
        PyObject* type;
        int depth;

        static int member(PyObject* item, void* argument) {
            const auto& visit = *static_cast<const Visit*>(argument);
            return item == visit.type || visit.walk.alone(item, visit.depth) ? 0 : 1;
        }
    };
    [[nodiscard]] bool dict(PyObject* item, int depth) const noexcept {
        if (home_.flat_dicts().contains(item)) {
            return true;
        }
        bool flat = true;
        Py_ssize_t place = 0;
        PyObject* key = nullptr;
        PyObject* value = nullptr;
        while (PyDict_Next(item, &place, &key, &value) != 0) {
            if (is_constant(home_, key) && is_constant(home_, value)) {
                continue;
            }
            flat = false;
            if (!this->key(key) || !alone(value, depth)) {
                return false;
            }
        }
        if (flat) {
            home_.flat_dicts().add(item);
        }
        return true;
    }
    [[nodiscard]] bool list(PyObject* item, int depth) const noexcept {
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(item); ++i) {
            if (!alone(PyList_GET_ITEM(item, i), depth)) {
                return false;
            }
        }
        return true;
    }
    /// A tuple may be shared as long as nothing in it can change.
    [[nodiscard]] bool tuple(PyObject* item, int depth) const noexcept {
        const int deeper = Py_REFCNT(item) == 1 ? depth : 0;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(item); ++i) {
            if (!alone(PyTuple_GET_ITEM(item, i), deeper)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool set(PyObject* item) const noexcept {
        const auto* const whole = reinterpret_cast<const PySetObject*>(item);
        if (whole->weakreflist != nullptr) {
            return false;
        }
        for (Py_ssize_t i = 0; i <= whole->mask; ++i) {
            const setentry& entry = whole->table[i];
            const bool used = entry.key != nullptr && entry.hash != -1; // else deleted
            if (used && !key(entry.key)) {
                return false;
            }
        }
        return true;
    }

    Home& home_ = Home::current();
};

} // namespace

bool stands_alone(PyObject* value) noexcept {
    return may_stand_alone(value) && Walk{}.container(value, kDeepest);
}

} // namespace boc
