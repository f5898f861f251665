#include "text.h"

#include "matrix.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace boc::math {

namespace {

std::string text_of(double number, char format, int precision) {
    struct Free {
        void operator()(char* text) const noexcept { PyMem_Free(text); }
    };
    const std::unique_ptr<char, Free> text{
        PyOS_double_to_string(number, format, precision, 0, nullptr)};
    if (text == nullptr) {
        throw py::ErrorSet{};
    }
    return text.get();
}

/// `%g` where it reads back as the same number, else the shortest digits that do.
std::string exact_text(double number) {
    if (number == 0.0 && std::signbit(number)) {
        return "-0.0"; // -0 would read back as the integer 0
    }
    const std::string text = short_text(number);
    const double read = PyOS_string_to_double(text.c_str(), nullptr, nullptr);
    return read == number || number != number ? text : text_of(number, 'r', 0);
}

bool is_held(PyObject* self) noexcept {
    Block* const block = reinterpret_cast<Matrix*>(self)->block;
    return block != nullptr && block->owner() == me();
}

std::string repr_text(Block& block) {
    const Shape shape = block.shape();
    std::string text = "Matrix(" + std::to_string(shape.rows) + ", " +
                       std::to_string(shape.columns) + ", [";
    for (Index i = 0; i < shape.size(); ++i) {
        if (i > 0) {
            text += ", ";
        }
        text += exact_text(block.data()[i]);
    }
    return text + "])";
}

} // namespace

std::string short_text(double number) {
    return text_of(number, 'g', 6);
}

py::Ref to_str(const std::string& text) {
    return py::Ref::steal(
        PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

std::string to_text(const Table& table) {
    return to_text(table, [](double number) {
        const std::string text = short_text(number);
        return Cell{text, text.size()};
    });
}

std::string to_text(const Table& table, const std::function<Cell(double)>& cell_of) {
    std::vector<Cell> cells;
    std::size_t width = 0;
    for (Index i = 0; i < table.rows * table.columns; ++i) {
        cells.push_back(cell_of(table.data[i]));
        width = std::max(width, cells.back().width);
    }
    std::string text = "[";
    for (Index i = 0; i < table.rows; ++i) {
        text += i == 0 ? "[" : "\n [";
        for (Index j = 0; j < table.columns; ++j) {
            const Cell& cell = cells[static_cast<std::size_t>(i * table.columns + j)];
            text += j == 0 ? "" : " ";
            text.append(width - cell.width, ' ');
            text += cell.text;
        }
        text += "]";
    }
    return text + "]";
}

PyObject* matrix_repr(PyObject* self) {
    return py::guarded([&] {
        return is_held(self) ? to_str(repr_text(held(self)))
                             : to_str("Matrix(<not acquired>)");
    });
}

PyObject* matrix_str(PyObject* self) {
    return py::guarded([&] {
        if (!is_held(self)) {
            return to_str("<not acquired>");
        }
        Block& block = held(self);
        return to_str(
            to_text({block.data(), block.shape().rows, block.shape().columns}));
    });
}

} // namespace boc::math
