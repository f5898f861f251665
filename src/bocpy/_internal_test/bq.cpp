#include "sched/mpmc_queue.h"
#include "support.h"

#include <vector>

namespace boc::test {

namespace {

using py::Ref;

struct Queue {
    static constexpr const char* kName = "bocpy._internal_test.bq.queue";

    sched::MpmcQueue works;
};

struct Node : sched::Work {
    static constexpr const char* kName = "bocpy._internal_test.bq.node";

    long long id = 0;
};

sched::MpmcQueue& queue_of(PyObject* capsule) {
    return from_capsule<Queue>(capsule).works;
}

Node& node_of(PyObject* capsule) {
    return from_capsule<Node>(capsule);
}

long long id_of(const sched::Work* work) {
    return static_cast<const Node*>(work)->id;
}

Ref make_queue(const Arguments<0>&) {
    return to_capsule(std::make_unique<Queue>());
}

Ref make_node(const Arguments<1>& args) {
    auto node = std::make_unique<Node>();
    node->id = PyLong_AsLongLong(args[0]);
    if (PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return to_capsule(std::move(node));
}

Ref node_id(const Arguments<1>& args) {
    return Ref::steal(PyLong_FromLongLong(node_of(args[0]).id));
}

Ref node_ptr(const Arguments<1>& args) {
    return to_address(&node_of(args[0]));
}

Ref enqueue(const Arguments<2>& args) {
    queue_of(args[0]).enqueue(&node_of(args[1]));
    return Ref::none();
}

Ref enqueue_front(const Arguments<2>& args) {
    queue_of(args[0]).enqueue_front(&node_of(args[1]));
    return Ref::none();
}

Ref dequeue(const Arguments<1>& args) {
    const sched::Work* const work = queue_of(args[0]).try_dequeue();
    return work != nullptr ? Ref::steal(PyLong_FromLongLong(id_of(work))) : Ref::none();
}

Ref dequeue_all(const Arguments<1>& args) {
    sched::MpmcQueue& queue = queue_of(args[0]);
    std::vector<long long> ids;
    {
        const py::Detached detached;
        sched::Segment segment = queue.try_dequeue_all();
        while (const sched::Work* const work = segment.take()) {
            ids.push_back(id_of(work));
        }
    }
    Ref list = Ref::steal(PyList_New(0));
    for (const long long id : ids) {
        const Ref item = Ref::steal(PyLong_FromLongLong(id));
        py::check(PyList_Append(list.get(), item.get()));
    }
    return list;
}

Ref is_empty(const Arguments<1>& args) {
    return Ref::steal(PyBool_FromLong(queue_of(args[0]).empty()));
}

PyMethodDef methods[] = {
    method<0, make_queue>("bq_make_queue"),
    method<1, make_node>("bq_make_node"),
    method<1, node_id>("bq_node_id"),
    method<1, node_ptr>("bq_node_ptr"),
    method<2, enqueue>("bq_enqueue"),
    method<2, enqueue_front>("bq_enqueue_front"),
    method<1, dequeue>("bq_dequeue"),
    method<1, dequeue_all>("bq_dequeue_all"),
    method<1, is_empty>("bq_is_empty"),
    {},
};

PyModuleDef definition = module_of("bocpy._internal_test_bq", methods);

} // namespace

} // namespace boc::test

PyMODINIT_FUNC PyInit__internal_test_bq() {
    return PyModuleDef_Init(&boc::test::definition);
}
