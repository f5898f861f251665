#include "parcel.h"

#include "census.h"
#include "culprit.h"
#include "handle.h"
#include "memory_view.h"
#include "named.h"
#include "pins.h"
#include "py/faults.h"
#include "xidata.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <new>

namespace boc {

/// Bytes of a str, bytes or pickle, or the items of a tuple, outside every interpreter.
struct Blob : InCensus<Counted::kParcel> {
    Py_ssize_t size = 0;
    Py_UCS4 widest = 0;              ///< str: its largest character
    std::unique_ptr<char[]> bytes;   ///< str: characters in the narrowest width
    std::unique_ptr<Parcel[]> items; ///< tuple
    Pins pins;                       ///< pickle
};

namespace {

constexpr int kDeepest = 16; // nested tuples beyond this are pickled
constexpr int kProtocol = 5;

std::atomic<Crossing> g_crossing{Crossing::kInterpreters};

std::unique_ptr<char[]> copy_bytes(const void* from, Py_ssize_t size) {
    auto copy = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(size));
    std::memcpy(copy.get(), from, static_cast<size_t>(size));
    return copy;
}

Blob* copy_str(PyObject* value) {
    auto blob = std::make_unique<Blob>();
    blob->size = PyUnicode_GET_LENGTH(value);
    blob->widest = PyUnicode_MAX_CHAR_VALUE(value);
    blob->bytes = copy_bytes(PyUnicode_DATA(value), blob->size * PyUnicode_KIND(value));
    return blob.release();
}

Blob* copy_of_bytes(PyObject* value) {
    auto blob = std::make_unique<Blob>();
    blob->size = PyBytes_GET_SIZE(value);
    blob->bytes = copy_bytes(PyBytes_AS_STRING(value), blob->size);
    return blob.release();
}

Blob* copy_names(const std::string& names) {
    auto blob = std::make_unique<Blob>();
    blob->size = static_cast<Py_ssize_t>(names.size());
    blob->bytes = copy_bytes(names.data(), blob->size);
    return blob.release();
}

Blob* pickle(PyObject* value) {
    auto blob = std::make_unique<Blob>();
    py::may_fail(fault::Point::kPickle, "pickling");
    PinCollector collector;
    const py::Ref protocol = py::Ref::steal(PyLong_FromLong(kProtocol));
    const py::Ref bytes = py::call(Home::current().dumps(), value, protocol.get());
    char* text = nullptr;
    py::check(PyBytes_AsStringAndSize(bytes.get(), &text, &blob->size));
    blob->bytes = copy_bytes(text, blob->size);
    blob->pins = collector.take();
    return blob.release();
}

/// The same; a failure names the culprit in `what`, unless that is null.
Blob* pickle(PyObject* value, const char* what) {
    try {
        return pickle(value);
    } catch (const py::ErrorSet&) {
        if (what == nullptr) {
            throw;
        }
    }
    throw_with_culprit(value, what);
}

py::Ref new_str(const Blob& blob) {
    py::Ref made = py::Ref::steal(PyUnicode_New(blob.size, blob.widest));
    std::memcpy(PyUnicode_DATA(made.get()), blob.bytes.get(),
                static_cast<size_t>(blob.size * PyUnicode_KIND(made.get())));
    return made;
}

py::Ref new_tuple(const Blob& blob) {
    py::Ref made = py::Ref::steal(PyTuple_New(blob.size));
    for (Py_ssize_t i = 0; i < blob.size; ++i) {
        PyTuple_SET_ITEM(made.get(), i,
                         blob.items[static_cast<size_t>(i)].unpack().release());
    }
    return made;
}

py::Ref unpickle(const Blob& blob) {
    py::may_fail(fault::Point::kUnpickle, "unpickling");
    const PinSource source{blob.pins};
    const py::Ref bytes =
        py::Ref::steal(PyBytes_FromStringAndSize(blob.bytes.get(), blob.size));
    return py::call(Home::current().loads(), bytes.get());
}

void drop_record(void* record) {
    Census::add(Counted::kParcel, -1);
    delete static_cast<xidata::Record*>(record);
}

void free_record(xidata::Record* record) noexcept {
    if (record->homeless() || record->home() == Home::current().id()) {
        drop_record(record);
    } else {
        Home::give_back(record->home(), drop_record, record);
    }
}

void free_object(PyObject* object) noexcept {
    Census::add(Counted::kParcel, -1);
    if (Home::current().primary()) {
        Py_DECREF(object);
    } else {
        Home::give_back(Home::primary_id(), object);
    }
}

} // namespace

void set_crossing(Crossing crossing) noexcept {
    g_crossing.store(crossing, std::memory_order_relaxed);
}

bool shares_values() noexcept {
    return g_crossing.load(std::memory_order_relaxed) == Crossing::kShared;
}

bool keeps_definitions() noexcept {
    return g_crossing.load(std::memory_order_relaxed) != Crossing::kInterpreters &&
           Home::current().primary();
}

Parcel Parcel::keep(PyObject* value) noexcept {
    Parcel out;
    Census::add(Counted::kParcel, 1);
    out.kind_ = Kind::kObject;
    out.form_.object = Py_NewRef(value);
    return out;
}

Parcel Parcel::lost() noexcept {
    Parcel out;
    out.kind_ = Kind::kLost;
    return out;
}

Parcel Parcel::pack(PyObject* value, const char* what, bool moves) {
    Parcel out;
    if (pack_scalar(value, out)) {
        return out;
    }
    if (shares_values() && Home::current().primary()) {
        return keep(value);
    }
    if (pack_leaf(value, out) || pack_tuple(value, out, moves)) {
        return out;
    }
    if (moves && xidata::supports(value)) {
        py::may_fail(fault::Point::kRecord, "taking a value out of its interpreter");
        out.form_.record = new xidata::Record{xidata::Record::take(value)};
        out.kind_ = Kind::kRecord;
        Census::add(Counted::kParcel, 1);
    } else if (const auto names = names_of(value)) {
        out.form_.blob = copy_names(*names);
        out.kind_ = Kind::kNamed;
    } else {
        out.form_.blob = pickle(value, what);
        out.kind_ = Kind::kPickle;
    }
    return out;
}

bool Parcel::pack_scalar(PyObject* value, Parcel& out) noexcept {
    PyTypeObject* const type = Py_TYPE(value);
    if (type == &PyLong_Type) {
        int overflow = 0;
        out.form_.integer = PyLong_AsLongLongAndOverflow(value, &overflow);
        out.kind_ = overflow == 0 ? Kind::kInt : Kind::kEmpty;
    } else if (value == Py_None) {
        out.kind_ = Kind::kNone;
    } else if (type == &PyFloat_Type) {
        out.form_.real = PyFloat_AS_DOUBLE(value);
        out.kind_ = Kind::kFloat;
    } else if (type == &PyBool_Type) {
        out.kind_ = value == Py_True ? Kind::kTrue : Kind::kFalse;
    }
    return out.kind_ != Kind::kEmpty;
}

bool Parcel::pack_leaf(PyObject* value, Parcel& out) {
    PyTypeObject* const type = Py_TYPE(value);
    const Home& home = Home::current();
    if (type == &PyUnicode_Type) {
        out.form_.blob = copy_str(value);
        out.kind_ = Kind::kStr;
    } else if (type == &PyBytes_Type) {
        out.form_.blob = copy_of_bytes(value);
        out.kind_ = Kind::kBytes;
    } else if (type == home.capsule_type || type == home.cown_type) {
        out.form_.cown = CownPtr::share(cown_behind(value)).release();
        out.kind_ = type == home.cown_type ? Kind::kCown : Kind::kCapsule;
    } else if (type == &PyMemoryView_Type) {
        static_cast<void>(pack_tuple(describe_view(value).get(), out, false));
        out.kind_ = Kind::kView;
    }
    return out.kind_ != Kind::kEmpty;
}

void Parcel::move_items(PyObject* tuple, Blob& blob) {
    const int done = py::guarded_int([&] {
        for (Py_ssize_t i = 0; i < blob.size; ++i) {
            Parcel& place = blob.items[static_cast<size_t>(i)];
            if (place.empty()) {
                place = pack(PyTuple_GET_ITEM(tuple, i));
            }
        }
    });
    if (done == 0) {
        return;
    }
    const py::ErrorPause pause;
    for (Py_ssize_t i = 0; i < blob.size; ++i) { // what has left comes back
        const Parcel& place = blob.items[static_cast<size_t>(i)];
        if (place.kind_ == Kind::kRecord) {
            const py::Ref back =
                py::Ref::adopt(py::guarded([&] { return place.unpack(); }));
            PyErr_Clear();
        }
    }
    throw py::ErrorSet{};
}

bool Parcel::pack_tuple(PyObject* value, Parcel& out, bool may_move, int depth) {
    if (!PyTuple_CheckExact(value) || depth > kDeepest) {
        return false;
    }
    auto blob = std::make_unique<Blob>();
    blob->size = PyTuple_GET_SIZE(value);
    blob->items = std::make_unique<Parcel[]>(static_cast<size_t>(blob->size));
    bool moves = false;
    for (Py_ssize_t i = 0; i < blob->size; ++i) {
        PyObject* const item = PyTuple_GET_ITEM(value, i);
        Parcel& place = blob->items[static_cast<size_t>(i)];
        if (!pack_scalar(item, place) && !pack_leaf(item, place) &&
            !pack_tuple(item, place, may_move, depth + 1)) {
            if (!may_move || PyTuple_CheckExact(item) || !xidata::supports(item)) {
                return false;
            }
            moves = true;
        }
    }
    if (moves) {
        move_items(value, *blob);
    }
    out.form_.blob = blob.release();
    out.kind_ = Kind::kTuple;
    return true;
}

py::Ref Parcel::unpack() const {
    switch (kind_) {
    case Kind::kInt:
        return py::Ref::steal(PyLong_FromLongLong(form_.integer));
    case Kind::kEmpty:
    case Kind::kNone:
        return py::Ref::none();
    case Kind::kLost:
        return py::call(
            PyExc_RuntimeError,
            py::Ref::steal(PyUnicode_FromString(
                               "a behavior failed, and its exception could not be "
                               "packed: there may be no memory for it"))
                .get());
    case Kind::kFalse:
        return py::Ref::share(Py_False);
    case Kind::kTrue:
        return py::Ref::share(Py_True);
    case Kind::kFloat:
        return py::Ref::steal(PyFloat_FromDouble(form_.real));
    case Kind::kStr:
        return new_str(*form_.blob);
    case Kind::kBytes:
        return py::Ref::steal(
            PyBytes_FromStringAndSize(form_.blob->bytes.get(), form_.blob->size));
    case Kind::kTuple:
        return new_tuple(*form_.blob);
    case Kind::kView:
        return restore_view(new_tuple(*form_.blob).get());
    case Kind::kCapsule:
        return make_capsule(CownPtr::share(form_.cown));
    case Kind::kCown:
        return make_cown(CownPtr::share(form_.cown));
    case Kind::kRecord:
        py::may_fail(fault::Point::kArrival, "bringing a value into an interpreter");
        return form_.record->arrive();
    case Kind::kNamed:
        return find_named(
            {form_.blob->bytes.get(), static_cast<std::size_t>(form_.blob->size)});
    case Kind::kPickle:
        return unpickle(*form_.blob);
    case Kind::kObject:
        break;
    }
    if (!Home::current().primary()) {
        py::raise(PyExc_RuntimeError,
                  "a value kept under isolation=\"share\" cannot leave "
                  "the main interpreter");
    }
    return py::Ref::share(form_.object);
}

/// What has arrived leaves again if a later item does not load.
py::Ref Parcel::new_tuple_alone(Blob& blob) {
    py::Ref made = py::Ref::steal(PyTuple_New(blob.size));
    const int done = py::guarded_int([&] {
        for (Py_ssize_t i = 0; i < blob.size; ++i) {
            Parcel& place = blob.items[static_cast<size_t>(i)];
            PyTuple_SET_ITEM(made.get(), i, place.unpack_alone().release());
        }
    });
    if (done == 0) {
        return made;
    }
    const py::ErrorPause pause;
    for (Py_ssize_t i = 0; i < blob.size; ++i) {
        Parcel& place = blob.items[static_cast<size_t>(i)];
        PyObject* const item = PyTuple_GET_ITEM(made.get(), i);
        if (item != nullptr && place.kind_ == Kind::kRecord &&
            py::guarded_int([&] { place = pack(item); }) < 0) {
            PyErr_Clear();
        }
    }
    throw py::ErrorSet{};
}

py::Ref Parcel::unpack_alone() {
    return kind_ == Kind::kTuple ? new_tuple_alone(*form_.blob) : unpack();
}

void Parcel::free_form() noexcept {
    switch (kind_) {
    case Kind::kCapsule:
    case Kind::kCown:
        form_.cown->drop();
        break;
    case Kind::kRecord:
        free_record(form_.record);
        break;
    case Kind::kObject:
        free_object(form_.object);
        break;
    default:
        delete form_.blob;
        break;
    }
}

} // namespace boc
