#include "groups.h"
#include "indices.h"
#include "kernels.h"
#include "methods.h"
#include "number.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace boc::math {

namespace {

/// The places of the extreme numbers of all columns, all rows of a column counted.
template <bool Least>
std::vector<Index> places_in_columns(const double* in, Shape shape) {
    std::vector<double> best(in, in + shape.columns);
    std::vector<double> place(best.size(), 0.0);
    const auto look = Least ? kernels().place_min_to : kernels().place_max_to;
    for (Index row = 1; row < shape.rows; ++row) {
        look(best.data(), place.data(), in + row * shape.columns, shape.columns,
             static_cast<double>(row));
    }
    return {place.begin(), place.end()};
}

/// The place of the extreme number of a group, -1 if it is empty. A NaN wins only from
/// the first place, where no comparison removes it.
template <bool Least>
Index extreme_place(const Groups& groups, Index group) {
    if (!groups.masked() && groups.axis() != Axis::kDown) {
        const Index n = groups.length();
        const auto find = Least ? kernels().place_min : kernels().place_max;
        const Index place = find(groups.data() + group * n, n);
        if (place >= 0) {
            return place;
        }
    }
    Index place = -1;
    double best = 0.0;
    groups.for_each(group, [&](Index i, double x) {
        if (place < 0 || (Least ? x < best : x > best)) {
            place = i;
            best = x;
        }
    });
    return place;
}

template <bool Least>
std::vector<Index> extreme_places(const Groups& groups) {
    if (!groups.masked() && groups.axis() == Axis::kDown) {
        return places_in_columns<Least>(groups.data(),
                                        {groups.length(), groups.count()});
    }
    std::vector<Index> places;
    places.reserve(static_cast<std::size_t>(groups.count()));
    for (Index group = 0; group < groups.count(); ++group) {
        places.push_back(extreme_place<Least>(groups, group));
    }
    return places;
}

py::Ref floats(PyObject* self, Shape shape, const std::vector<Index>& places) {
    Fresh fresh = make(Py_TYPE(self), shape);
    std::transform(places.begin(), places.end(), fresh.data,
                   [](Index place) { return static_cast<double>(place); });
    return std::move(fresh.ref);
}

template <bool Least>
py::Ref arg_extreme(const Call& call) {
    static constexpr Signature<3> kSignature{
        Least ? "argmin" : "argmax", {"axis", "where", "as_matrix"}, {0, 3, 0}};
    const auto [axis, where, as_matrix] = parse(kSignature, call);
    const bool matrix = is_set(as_matrix);
    const Groups groups{call.self, axis_from(axis), where};
    if (groups.axis() == Axis::kAll) {
        return py::Ref::steal(PyLong_FromSsize_t(extreme_place<Least>(groups, 0)));
    }
    const std::vector<Index> places = extreme_places<Least>(groups);
    const bool column = groups.axis() == Axis::kAcross;
    return matrix ? floats(call.self, groups.result(), places)
                  : make_indices(State::of(call.self), column, places);
}

struct Entry {
    double value;
    Index place;
};

/// The first k of a group in order, padded with NaN at place -1.
std::vector<Entry> first_entries(const Groups& groups, Index group, Index k,
                                 bool largest) {
    std::vector<Entry> entries;
    groups.for_each(group, [&](Index i, double x) { entries.push_back({x, i}); });
    const auto before = [largest](const Entry& a, const Entry& b) {
        const bool a_nan = a.value != a.value;
        const bool b_nan = b.value != b.value;
        if (a_nan != b_nan) {
            return b_nan;
        }
        if (a_nan || a.value == b.value) {
            return a.place < b.place;
        }
        return largest ? a.value > b.value : a.value < b.value;
    };
    const auto kept = std::min(k, static_cast<Index>(entries.size()));
    std::partial_sort(entries.begin(), entries.begin() + kept, entries.end(), before);
    entries.resize(static_cast<std::size_t>(kept));
    entries.resize(static_cast<std::size_t>(k),
                   Entry{std::numeric_limits<double>::quiet_NaN(), -1});
    return entries;
}

Index count_from(PyObject* k) {
    if (!is_integer(k)) {
        py::raise(PyExc_TypeError, "k must be an int, not %.100s", Py_TYPE(k)->tp_name);
    }
    return as_index(k);
}

void check_count(Index k, const Groups& groups) {
    if (k < 1 || k > groups.length()) {
        py::raise(PyExc_ValueError, "k must be from 1 to %zd, not %zd", groups.length(),
                  k);
    }
}

/// What topk found: group after group, k entries each.
struct Ranking {
    std::vector<double> values;
    std::vector<Index> places;
    Index groups;
    Index k;
    Axis axis;

    [[nodiscard]] Shape shape() const noexcept {
        return axis == Axis::kDown ? Shape{k, groups} : Shape{groups, k};
    }
    /// Where entry `i` of the flat lists stands in a matrix of that shape.
    [[nodiscard]] Index cell(Index i) const noexcept {
        return axis == Axis::kDown ? i % k * groups + i / k : i;
    }
};

template <typename Number>
py::Ref ranked_matrix(PyObject* self, const Ranking& ranking,
                      const std::vector<Number>& numbers) {
    Fresh fresh = make(Py_TYPE(self), ranking.shape());
    for (Index i = 0; i < ranking.shape().size(); ++i) {
        fresh.data[ranking.cell(i)] =
            static_cast<double>(numbers[static_cast<std::size_t>(i)]);
    }
    return std::move(fresh.ref);
}

py::Ref ranked_lists(const Ranking& ranking) {
    if (ranking.axis == Axis::kAll) {
        return to_list(ranking.places.data(), ranking.k);
    }
    auto lists = py::Ref::steal(PyList_New(0));
    for (Index group = 0; group < ranking.groups; ++group) {
        const auto list = to_list(ranking.places.data() + group * ranking.k, ranking.k);
        py::check(PyList_Append(lists.get(), list.get()));
    }
    return lists;
}

py::Ref topk(const Call& call) {
    static constexpr Signature<5> kSignature{
        "topk", {"k", "axis", "largest", "where", "as_matrix"}, {0, 5, 1}};
    const auto [k_given, axis, largest_given, where, as_matrix] =
        parse(kSignature, call);
    const bool largest = largest_given == nullptr || is_set(largest_given);
    const bool matrix = is_set(as_matrix);
    const Axis along = axis_from(axis);
    const Index k = count_from(k_given);
    const Groups groups{call.self, along, where};
    check_count(k, groups);
    Ranking ranking{{}, {}, groups.count(), k, along};
    for (Index group = 0; group < groups.count(); ++group) {
        for (const Entry& entry : first_entries(groups, group, k, largest)) {
            ranking.values.push_back(entry.value);
            ranking.places.push_back(entry.place);
        }
    }
    const auto values = ranked_matrix(call.self, ranking, ranking.values);
    const auto places = matrix ? ranked_matrix(call.self, ranking, ranking.places)
                               : ranked_lists(ranking);
    return py::Ref::steal(PyTuple_Pack(2, values.get(), places.get()));
}

} // namespace

Methods rank_methods() {
    static const PyMethodDef methods[] = {
        method<&arg_extreme<true>>(
            "argmin",
            "argmin($self, axis=None, where=None, as_matrix=False)\n--\n\n"
            "Where the least number is: its row-major index, or a list with one "
            "index per column (axis 0) or row (axis 1).\n\n"
            "The first of equals; NaN is passed over unless it comes first; -1 "
            "for an empty group. as_matrix: the indices as a 1xC or Rx1 Matrix."),
        method<&arg_extreme<false>>(
            "argmax", "argmax($self, axis=None, where=None, as_matrix=False)\n--\n\n"
                      "Where the greatest number is; see `argmin`."),
        method<&topk>(
            "topk", "topk($self, k, axis=None, largest=True, where=None, "
                    "as_matrix=False)\n--\n\n"
                    "The k largest (or smallest) numbers in order, and their indices: "
                    "(values, indices).\n\n"
                    "values: 1xk, kxC (axis 0) or Rxk (axis 1); indices: list, list of "
                    "lists, or a Matrix shaped like values. Equal numbers keep their "
                    "order, NaN comes last; a short group is padded with NaN and -1. "
                    "ValueError for k < 1 or more than there are."),
    };
    return methods;
}

} // namespace boc::math
