#include "sched/work_queue.h"
#include "support.h"

#include <array>
#include <vector>

namespace boc::test {

namespace {

using py::Ref;
using sched::Segment;
using sched::Work;
using sched::WorkQueue;
using Counts = std::array<std::uint64_t, WorkQueue::kParts>;
using Place = sched::Cursor<WorkQueue::kParts>;

struct Fixture {
    static constexpr const char* kName = "bocpy._internal_test.wsq";

    WorkQueue queue;
};

WorkQueue& queue_of(PyObject* capsule) {
    return from_capsule<Fixture>(capsule).queue;
}

/// Empties each part and counts what was in it.
Counts drain(WorkQueue& queue) {
    Counts counts{};
    for (unsigned part = 0; part < WorkQueue::kParts; ++part) {
        Segment segment = queue.try_dequeue_all(part);
        while (segment.take() != nullptr) {
            ++counts[part];
        }
    }
    return counts;
}

Ref parts(const Arguments<0>&) {
    return to_int(WorkQueue::kParts);
}

Ref make_worker(const Arguments<0>&) {
    return to_capsule(std::make_unique<Fixture>());
}

Ref pre_inc_histogram(const Arguments<1>& args) {
    Counts counts{};
    Place place;
    for (std::uint64_t left = to_count(args[0]); left != 0; --left) {
        ++counts[place.pre_inc()];
    }
    return to_list(counts);
}

Ref post_dec_sequence(const Arguments<1>& args) {
    std::vector<unsigned> places;
    Place place;
    for (std::uint64_t left = to_count(args[0]); left != 0; --left) {
        places.push_back(place.post_dec());
    }
    return to_list(places);
}

Ref enqueue_drain_counts(const Arguments<2>& args) {
    WorkQueue& queue = queue_of(args[0]);
    std::vector<Work> works(to_count(args[1]));
    for (Work& work : works) {
        queue.enqueue(&work);
    }
    return to_list(drain(queue));
}

Ref spread_segment_counts(const Arguments<2>& args) {
    WorkQueue& queue = queue_of(args[0]);
    const long long length = PyLong_AsLongLong(args[1]);
    if (PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    if (length <= 0) {
        py::raise(PyExc_ValueError, "length must be positive");
    }
    std::vector<Work> works(static_cast<std::size_t>(length));
    for (std::size_t index = 1; index < works.size(); ++index) {
        works[index - 1].next.store(&works[index], std::memory_order_relaxed);
    }
    queue.spread({&works.front(), &works.back().next});
    return to_list(drain(queue));
}

PyMethodDef methods[] = {
    method<0, parts>("wsq_n"),
    method<0, make_worker>("wsq_make_worker"),
    method<1, pre_inc_histogram>("wsq_pre_inc_histogram"),
    method<1, post_dec_sequence>("wsq_post_dec_sequence"),
    method<2, enqueue_drain_counts>("wsq_enqueue_drain_counts"),
    method<2, spread_segment_counts>("wsq_spread_segment_counts"),
    {},
};

PyModuleDef definition = module_of("bocpy._internal_test_wsq", methods);

} // namespace

} // namespace boc::test

PyMODINIT_FUNC PyInit__internal_test_wsq() {
    return PyModuleDef_Init(&boc::test::definition);
}
