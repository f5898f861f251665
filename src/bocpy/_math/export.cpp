#include "export.h"

#include "args.h"
#include "holder.h"
#include "methods.h"
#include "view.h"

#include <array>
#include <memory>

namespace boc::math {

namespace {

/// A buffer in somebody's hands: keeps the block alive and where it is.
class Exported {
public:
    explicit Exported(Block& block) noexcept : block_{BlockRef::share(block)} {
        block_->pin();
    }
    ~Exported() { block_->unpin(); }
    Exported(const Exported&) = delete;
    Exported& operator=(const Exported&) = delete;

    std::array<Index, 2> shape{};
    std::array<Index, 2> strides{};

private:
    BlockRef block_;
};

/// What a buffer shows.
struct Frame {
    double* data;
    int dimensions;
    std::array<Index, 2> shape;
    std::array<Index, 2> strides; ///< in bytes
    bool contiguous;
    bool read_only;
};

constexpr auto kItem = static_cast<Index>(sizeof(double));

Frame frame_of_matrix(Block& block) noexcept {
    const Shape shape = block.shape();
    return {
        block.data(), 2,    {shape.rows, shape.columns}, {shape.columns * kItem, kItem},
        true,         false};
}

Frame frame_of_view(Block& block, const Window& window) noexcept {
    return {block.data() + window.offset,
            1,
            {window.count, 0},
            {window.step * kItem, 0},
            window.step == 1,
            window.read_only};
}

bool wants(int flags, int feature) noexcept {
    return (flags & feature) == feature;
}

void check_request(const Frame& frame, int flags) {
    if (wants(flags, PyBUF_WRITABLE) && frame.read_only) {
        py::raise(PyExc_BufferError, "the view is read-only");
    }
    const bool any_layout = wants(flags, PyBUF_STRIDES) &&
                            !wants(flags, PyBUF_C_CONTIGUOUS) &&
                            !wants(flags, PyBUF_ANY_CONTIGUOUS);
    if (!frame.contiguous && !any_layout) {
        py::raise(PyExc_BufferError, "the view is not contiguous");
    }
    const bool vector =
        frame.dimensions == 1 || frame.shape[0] == 1 || frame.shape[1] == 1;
    if (wants(flags, PyBUF_F_CONTIGUOUS) && !wants(flags, PyBUF_C_CONTIGUOUS) &&
        !vector && !wants(flags, PyBUF_ANY_CONTIGUOUS)) {
        py::raise(PyExc_BufferError, "the matrix is stored row by row");
    }
}

void fill(Py_buffer* buffer, PyObject* self, Block& block, const Frame& frame,
          int flags) {
    check_request(frame, flags);
    auto exported = std::make_unique<Exported>(block);
    exported->shape = frame.shape;
    exported->strides = frame.strides;
    buffer->buf = frame.data;
    buffer->itemsize = kItem;
    buffer->len = kItem * frame.shape[0] * (frame.dimensions == 2 ? frame.shape[1] : 1);
    buffer->readonly = frame.read_only ? 1 : 0;
    buffer->ndim = wants(flags, PyBUF_ND) ? frame.dimensions : 1;
    buffer->format = wants(flags, PyBUF_FORMAT) ? const_cast<char*>("d") : nullptr;
    buffer->shape = wants(flags, PyBUF_ND) ? exported->shape.data() : nullptr;
    buffer->strides = wants(flags, PyBUF_STRIDES) ? exported->strides.data() : nullptr;
    buffer->suboffsets = nullptr;
    buffer->internal = exported.release();
    buffer->obj = py::Ref::share(self).release();
}

int get_matrix_buffer(PyObject* self, Py_buffer* buffer, int flags) {
    buffer->obj = nullptr;
    return py::guarded_int([&] {
        Block& block = held(self);
        fill(buffer, self, block, frame_of_matrix(block), flags);
    });
}

int get_view_buffer(PyObject* self, Py_buffer* buffer, int flags) {
    buffer->obj = nullptr;
    return py::guarded_int([&] {
        Block& block = held_by(self);
        fill(buffer, self, block, frame_of_view(block, window_of(self)), flags);
    });
}

void release_buffer(PyObject*, Py_buffer* buffer) {
    const std::unique_ptr<Exported> exported{static_cast<Exported*>(buffer->internal)};
}

py::Ref array(const Call& call) {
    static constexpr Signature<2> kSignature{"__array__", {"dtype", "copy"}, {0, 2, 0}};
    const auto [dtype, copy] = parse(kSignature, call);
    const auto memory = py::Ref::steal(PyMemoryView_FromObject(call.self));
    const auto make = py::import("numpy", "array");
    const auto args = py::Ref::steal(PyTuple_Pack(1, memory.get()));
    const auto options = py::Ref::steal(
        Py_BuildValue("{sOsO}", "dtype", dtype != nullptr ? dtype : Py_None, "copy",
                      copy != nullptr ? copy : Py_None));
    return py::Ref::steal(PyObject_Call(make.get(), args.get(), options.get()));
}

} // namespace

std::span<const PyType_Slot> matrix_buffer_slots() {
    static const PyType_Slot slots[] = {
        {Py_bf_getbuffer, py::slot(&get_matrix_buffer)},
        {Py_bf_releasebuffer, py::slot(&release_buffer)},
    };
    return slots;
}

std::span<const PyType_Slot> view_buffer_slots() {
    static const PyType_Slot slots[] = {
        {Py_bf_getbuffer, py::slot(&get_view_buffer)},
        {Py_bf_releasebuffer, py::slot(&release_buffer)},
    };
    return slots;
}

Methods export_methods() {
    static const PyMethodDef methods[] = {
        method<&array>("__array__",
                       "__array__($self, dtype=None, copy=None)\n--\n\n"
                       "A numpy array that shares the numbers unless dtype or copy ask "
                       "otherwise."),
    };
    return methods;
}

} // namespace boc::math
