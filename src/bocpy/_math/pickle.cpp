#include "pickle.h"

#include "matrix.h"
#include "methods.h"
#include "number.h"

namespace boc::math {

namespace {

py::Ref reduce(PyObject* self) {
    Block& block = held(self);
    const Shape shape = block.shape();
    const auto bytes = shape.size() * static_cast<Index>(sizeof(double));
    const auto data = py::Ref::steal(
        PyBytes_FromStringAndSize(reinterpret_cast<const char*>(block.data()), bytes));
    return py::Ref::steal(Py_BuildValue("(O(nnO))", State::of(self).unpickle,
                                        shape.rows, shape.columns, data.get()));
}

py::Ref copy(PyObject* self) {
    Block& block = held(self);
    return make_copy(Py_TYPE(self), block.shape(), block);
}

py::Ref deep_copy(const Call& call) {
    static constexpr Signature<1> kSignature{"__deepcopy__", {"memo"}, {1, 1, 0}};
    static_cast<void>(parse(kSignature, call));
    return copy(call.self);
}

/// A buffer held open, to be read as bytes.
class Bytes {
public:
    explicit Bytes(PyObject* object) {
        py::check(PyObject_GetBuffer(object, &view_, PyBUF_FULL_RO));
    }
    ~Bytes() { PyBuffer_Release(&view_); }
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;
    [[nodiscard]] Index size() const noexcept { return view_.len; }
    void copy_to(void* out) {
        py::check(PyBuffer_ToContiguous(out, &view_, view_.len, 'C'));
    }

private:
    Py_buffer view_{};
};

bool holds(Shape shape, Index bytes) noexcept {
    constexpr auto kItem = static_cast<Index>(sizeof(double));
    const Index count = bytes / kItem;
    return shape.rows > 0 && shape.columns > 0 && bytes % kItem == 0 &&
           count / shape.rows == shape.columns && count % shape.rows == 0;
}

} // namespace

py::Ref unpickle(const Call& call) {
    static constexpr Signature<3> kSignature{
        "_matrix_unpickle", {"rows", "columns", "data"}, {3, 3, 3}};
    const auto [rows, columns, data] = parse(kSignature, call);
    // Beyond ssize the nearest number in it, which no bytes fill.
    const Shape shape{as_index(rows, nullptr), as_index(columns, nullptr)};
    Bytes bytes{data};
    if (!holds(shape, bytes.size())) {
        py::raise(PyExc_ValueError, "%zd bytes do not hold a %zdx%zd matrix",
                  bytes.size(), shape.rows, shape.columns);
    }
    Fresh fresh = make(State::here().matrix, shape);
    bytes.copy_to(fresh.data);
    return std::move(fresh.ref);
}

Methods pickle_methods() {
    static const PyMethodDef methods[] = {
        plain<&reduce>("__reduce__", "__reduce__($self, /)\n--\n\n"
                                     "How pickle takes the matrix apart, bit for bit."),
        plain<&copy>("__copy__", "__copy__($self, /)\n--\n\nAn independent copy."),
        method<&deep_copy>("__deepcopy__", "__deepcopy__($self, memo=None, /)\n--\n\n"
                                           "An independent copy."),
    };
    return methods;
}

} // namespace boc::math
