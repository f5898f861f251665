#include "numbers.h"

#include "number.h"

#include <cstdint>
#include <cstring>

namespace boc::math {

namespace {

/// A buffer held open.
class Buffer {
public:
    explicit Buffer(PyObject* object) {
        open_ = PyObject_GetBuffer(object, &view_, PyBUF_FULL_RO) == 0;
        if (!open_) {
            if (PyErr_ExceptionMatches(PyExc_BufferError) == 0 &&
                PyErr_ExceptionMatches(PyExc_TypeError) == 0 &&
                PyErr_ExceptionMatches(PyExc_ValueError) == 0) {
                throw py::ErrorSet{};
            }
            PyErr_Clear();
        }
    }
    ~Buffer() {
        if (open_) {
            PyBuffer_Release(&view_);
        }
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    explicit operator bool() const noexcept { return open_; }
    const Py_buffer* operator->() const noexcept { return &view_; }

private:
    Py_buffer view_{};
    bool open_;
};

template <typename Number>
double read_as(const char* at) noexcept {
    Number value;
    std::memcpy(&value, at, sizeof value);
    return static_cast<double>(value);
}

using Reader = double (*)(const char*);

template <typename Integer>
constexpr Reader integer_reader(bool is_signed) noexcept {
    return is_signed ? &read_as<std::make_signed_t<Integer>> : &read_as<Integer>;
}

Reader reader_of_integer(Index size, bool is_signed) noexcept {
    switch (size) {
    case 1:
        return integer_reader<std::uint8_t>(is_signed);
    case 2:
        return integer_reader<std::uint16_t>(is_signed);
    case 4:
        return integer_reader<std::uint32_t>(is_signed);
    case 8:
        return integer_reader<std::uint64_t>(is_signed);
    default:
        return nullptr;
    }
}

/// Null for a format that holds no plain native number.
Reader reader_of(const Py_buffer& view) noexcept {
    const char* format = view.format != nullptr ? view.format : "B";
    constexpr char kNative = PY_LITTLE_ENDIAN ? '<' : '>';
    if (*format == '@' || *format == '=' || *format == kNative) {
        ++format;
    }
    if (format[0] == '\0' || format[1] != '\0') {
        return nullptr;
    }
    switch (*format) {
    case 'd':
        return view.itemsize == 8 ? &read_as<double> : nullptr;
    case 'f':
        return view.itemsize == 4 ? &read_as<float> : nullptr;
    case '?':
        return &read_as<bool>;
    default:
        break;
    }
    if (std::strchr("bhilqn", *format) != nullptr) {
        return reader_of_integer(view.itemsize, true);
    }
    if (std::strchr("BHILQN", *format) != nullptr) {
        return reader_of_integer(view.itemsize, false);
    }
    return nullptr;
}

void refuse_complex(const Py_buffer& view) {
    if (view.format != nullptr && std::strchr(view.format, 'Z') != nullptr) {
        py::raise(PyExc_TypeError, "a matrix holds no complex numbers");
    }
}

/// Dimensions and strides of a buffer, as of a matrix.
struct Layout {
    Shape shape;
    Index row_step;
    Index column_step;
};

Layout layout_of(const Py_buffer& view) noexcept {
    if (view.ndim == 0) {
        return {{1, 1}, 0, 0};
    }
    if (view.ndim == 1) {
        return {{1, view.shape[0]}, 0, view.strides[0]};
    }
    return {{view.shape[0], view.shape[1]}, view.strides[0], view.strides[1]};
}

void read_all(const Py_buffer& view, Reader read, const Layout& layout, double* out) {
    const auto* const base = static_cast<const char*>(view.buf);
    if (read == &read_as<double> && PyBuffer_IsContiguous(&view, 'C') != 0) {
        std::memcpy(out, base, static_cast<std::size_t>(view.len));
        return;
    }
    for (Index i = 0; i < layout.shape.rows; ++i) {
        const char* const row = base + i * layout.row_step;
        for (Index j = 0; j < layout.shape.columns; ++j) {
            *out++ = read(row + j * layout.column_step);
        }
    }
}

} // namespace

std::optional<Numbers> numbers_from_buffer(PyObject* object) {
    if (PyObject_CheckBuffer(object) == 0) {
        return std::nullopt;
    }
    const Buffer buffer{object};
    if (!buffer || buffer->ndim > 2 || buffer->suboffsets != nullptr) {
        return std::nullopt;
    }
    const Reader read = reader_of(*buffer.operator->());
    if (read == nullptr) {
        refuse_complex(*buffer.operator->());
        return std::nullopt;
    }
    const Layout layout = layout_of(*buffer.operator->());
    Numbers numbers{{}, layout.shape, buffer->ndim};
    if (layout.shape.size() == 0) {
        return numbers;
    }
    numbers.values.resize(static_cast<std::size_t>(checked_size(layout.shape)));
    read_all(*buffer.operator->(), read, layout, numbers.values.data());
    return numbers;
}

Numbers numbers_from_iterable(PyObject* object) {
    if (PyUnicode_Check(object)) {
        py::raise(PyExc_TypeError, "expected numbers, not str");
    }
    const auto items = py::Ref::steal(PySequence_Fast(
        object, "expected a number, a Matrix or a sequence of numbers"));
    Numbers numbers{{}, {}, 1};
    numbers.values.reserve(
        static_cast<std::size_t>(PySequence_Fast_GET_SIZE(items.get())));
    for (Index i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {
        // Shared: the conversion may run code that changes the list.
        const auto item = py::Ref::share(PySequence_Fast_GET_ITEM(items.get(), i));
        const auto number = try_double(item.get());
        if (!number) {
            py::raise(PyExc_TypeError,
                      "an item of a sequence must be a real number, not %.100s",
                      Py_TYPE(item.get())->tp_name);
        }
        numbers.values.push_back(*number);
    }
    numbers.shape = {1, static_cast<Index>(numbers.values.size())};
    return numbers;
}

} // namespace boc::math
