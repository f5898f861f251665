#include "xidata.h"

#if BOC_HAS_XI_HEADER
#    ifndef Py_BUILD_CORE
#        define Py_BUILD_CORE 1
#    endif
#    if defined(__GNUC__)
#        pragma GCC diagnostic push
#        pragma GCC diagnostic ignored "-Wpedantic"
#        pragma GCC diagnostic ignored "-Wconversion"
#        pragma GCC diagnostic ignored "-Wsign-conversion"
#    endif
#    include <internal/pycore_crossinterp.h>
#    if defined(__GNUC__)
#        pragma GCC diagnostic pop
#    endif
#endif

#include <array>
#include <atomic>
#include <memory>
#include <utility>

namespace boc::xidata {

namespace {

// The names of each version, brought down to: Xi, Getter, home_of, find, run, enter.

#if BOC_HAS_XI_NAMES

using Xi = _PyXIData_t;
using Getter = _PyXIData_getdata_t;

bool found(const Getter& getter) noexcept {
    return getter.basic != nullptr || getter.fallback != nullptr;
}

Getter find(PyObject* object) noexcept {
    return _PyXIData_Lookup(PyThreadState_Get(), object);
}

/// Containers ask for their items' own data only, never for a pickle of them.
int run(const Getter& getter, PyObject* object, Xi* xi) noexcept {
    PyThreadState* const state = PyThreadState_Get();
    return getter.basic != nullptr
               ? getter.basic(state, object, xi)
               : getter.fallback(state, object, _PyXIDATA_XIDATA_ONLY, xi);
}

int enter(PyTypeObject* type, xidatafunc getter) noexcept {
    return _PyXIData_RegisterClass(PyThreadState_Get(), type, {getter, nullptr});
}

#else

using Xi = _PyCrossInterpreterData;
using Getter = crossinterpdatafunc;

bool found(Getter getter) noexcept {
    return getter != nullptr;
}

Getter find(PyObject* object) noexcept {
    return _PyCrossInterpreterData_Lookup(object);
}

#    if BOC_HAS_OWN_GIL

int run(Getter getter, PyObject* object, Xi* xi) noexcept {
    return getter(PyThreadState_Get(), object, xi);
}

int enter(PyTypeObject* type, Getter getter) noexcept {
    return _PyCrossInterpreterData_RegisterClass(type, getter);
}

#    else

int run(Getter getter, PyObject* object, Xi* xi) noexcept {
    return getter(object, xi);
}

/// The registry of these versions lends the type for the life of the process.
int enter(PyTypeObject* type, Getter getter) noexcept {
    const int answer = _PyCrossInterpreterData_RegisterClass(type, getter);
    if (answer == 0) {
        static_cast<void>(py::Ref::share(reinterpret_cast<PyObject*>(type)).release());
    }
    return answer;
}

#    endif
#endif

#if BOC_HAS_XI_HEADER
std::int64_t& home_of(Xi& xi) noexcept {
    return xi.interpid;
}
#else
std::int64_t& home_of(Xi& xi) noexcept {
    return xi.interp;
}
#endif

/// Frees what the record holds. With an object: only at home.
void clear(Xi& xi) noexcept {
    if (xi.data != nullptr && xi.free != nullptr) {
        xi.free(xi.data);
    }
    xi.data = nullptr;
    const py::Ref held = py::Ref::adopt(std::exchange(xi.obj, nullptr));
}

PyObject* arrive_carried(Xi* xi) noexcept {
    const auto* carried = static_cast<const Carried*>(xi->data);
    return carried->arrive(carried->data);
}

void drop_carried(void* data) noexcept {
    const std::unique_ptr<Carried> carried{static_cast<Carried*>(data)};
    carried->drop(carried->data);
}

int depart_carried(Depart depart, PyObject* object, Xi* xi) noexcept {
    return py::guarded_int([&] {
        auto carried = std::make_unique<Carried>();
        *carried = depart(object);
        xi->data = carried.release();
        xi->new_object = &arrive_carried;
        xi->free = &drop_carried;
    });
}

constexpr std::size_t kSlots = 4;

/// The registered functions: a slot is written once, null to function.
std::array<std::atomic<Depart>, kSlots> departs{};

/// CPython's callback carries no user data, so each slot has a callback of its own.
template <std::size_t Slot>
struct Callback {
    static Depart depart() noexcept {
        return departs[Slot].load(std::memory_order_acquire);
    }
#if BOC_HAS_OWN_GIL
    static int get(PyThreadState*, PyObject* object, Xi* xi) noexcept {
        return depart_carried(depart(), object, xi);
    }
#else
    static int get(PyObject* object, Xi* xi) noexcept {
        return depart_carried(depart(), object, xi);
    }
#endif
};

constexpr std::array kCallbacks{&Callback<0>::get, &Callback<1>::get, &Callback<2>::get,
                                &Callback<3>::get};

/// The slot of `depart`, taking a free one at its first registration.
std::size_t slot_of(Depart depart) {
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
        Depart held = nullptr;
        if (departs[slot].compare_exchange_strong(
                held, depart, std::memory_order_acq_rel, std::memory_order_acquire) ||
            held == depart) {
            return slot;
        }
    }
    py::raise(PyExc_SystemError, "too many shareable types in one module");
}

bool fits_long(PyObject* number) noexcept {
    int overflow = 0;
    static_cast<void>(PyLong_AsLongAndOverflow(number, &overflow));
    return overflow == 0;
}

constexpr int kDeepest = 64; ///< nesting beyond this is left to the pickle

bool supports_at(PyObject* object, int depth) noexcept {
    if (depth > kDeepest || PyMemoryView_Check(object) || !found(find(object))) {
        return false;
    }
    if (PyLong_CheckExact(object)) {
        return fits_long(object);
    }
    if (!PyTuple_CheckExact(object)) {
        return true;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
        if (!supports_at(PyTuple_GET_ITEM(object, i), depth + 1)) {
            return false;
        }
    }
    return true;
}

Xi* of(void* raw) noexcept {
    return static_cast<Xi*>(raw);
}

} // namespace

void register_type(PyTypeObject* type, Depart depart) {
    py::check(enter(type, kCallbacks[slot_of(depart)]));
}

bool supports(PyObject* object) noexcept {
    const py::ErrorPause pause;
    const bool answer = supports_at(object, 0);
    PyErr_Clear();
    return answer;
}

Record Record::take(PyObject* object) {
    const Getter getter = find(object);
    if (!found(getter)) {
        py::raise(PyExc_TypeError, "%.100s does not cross interpreters",
                  Py_TYPE(object)->tp_name);
    }
    auto xi = std::make_unique<Xi>();
    const py::Ref held = py::Ref::share(object);
    if (run(getter, object, xi.get()) != 0) {
        clear(*xi);
        throw py::ErrorSet{};
    }
    home_of(*xi) = PyInterpreterState_GetID(PyInterpreterState_Get());
    return Record{xi.release()};
}

Record::Record(Record&& other) noexcept : raw_{std::exchange(other.raw_, nullptr)} {}

Record& Record::operator=(Record&& other) noexcept {
    const Record old{std::exchange(raw_, std::exchange(other.raw_, nullptr))};
    return *this;
}

Record::~Record() {
    if (const std::unique_ptr<Xi> xi{of(raw_)}; xi != nullptr) {
        clear(*xi);
    }
}

py::Ref Record::arrive() const {
    return py::Ref::steal(of(raw_)->new_object(of(raw_)));
}

std::int64_t Record::home() const noexcept {
    return home_of(*of(raw_));
}

bool Record::homeless() const noexcept {
    return of(raw_)->obj == nullptr;
}

} // namespace boc::xidata
