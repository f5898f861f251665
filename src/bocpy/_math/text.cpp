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

constexpr Index kWhole = 1000; ///< so many numbers are shown all, as numpy does
constexpr Index kEdge = 3;     ///< of more, so many rows and columns at each end
constexpr Index kGap = -1;     ///< stands for what is left out between them

/// Which of `n` rows or columns to show.
std::vector<Index> shown(Index n, bool cut) {
    std::vector<Index> places;
    for (Index i = 0; i < n; ++i) {
        if (cut && i == kEdge && n > 2 * kEdge) {
            places.push_back(kGap);
            i = n - kEdge;
        }
        places.push_back(i);
    }
    return places;
}

/// A row between brackets; a cell of no width is not aligned.
std::string row_text(const std::vector<Cell>& row, std::size_t width) {
    std::string text;
    for (const Cell& cell : row) {
        text += text.empty() ? "[" : " ";
        text.append(cell.width == 0 ? 0 : width - cell.width, ' ');
        text += cell.text;
    }
    return text + "]";
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
    const bool cut = table.summary && table.rows * table.columns > kWhole;
    const std::vector<Index> columns = shown(table.columns, cut);
    std::vector<std::vector<Cell>> rows;
    std::size_t width = 0;
    for (const Index i : shown(table.rows, cut)) {
        std::vector<Cell>& row = rows.emplace_back();
        for (const Index j : i == kGap ? std::vector<Index>{} : columns) {
            row.push_back(j == kGap ? Cell{"...", 0}
                                    : cell_of(table.data[i * table.columns + j]));
            width = std::max(width, row.back().width);
        }
    }
    std::string text;
    for (const std::vector<Cell>& row : rows) {
        text += text.empty() ? "[" : "\n ";
        text += row.empty() ? "..." : row_text(row, width);
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
            to_text({block.data(), block.shape().rows, block.shape().columns, true}));
    });
}

} // namespace boc::math
