#include "compat.h"
#include "support.h"

#include <atomic>
#include <type_traits>

namespace boc::test {

namespace {

using py::Ref;

/// Words that the threads of a test share.
struct State {
    static constexpr const char* kName = "bocpy._internal_test.atomics";

    std::atomic<std::uint64_t> flag{0};
    std::uint64_t payload = 0;
    std::atomic<std::uint64_t> counter64{0};
    std::atomic<std::uint32_t> counter32{0};
    std::atomic<bool> truth{false};
    std::atomic<void*> pointer{nullptr};
};

State& state_of(PyObject* capsule) {
    return from_capsule<State>(capsule);
}

Ref make_state(const Arguments<0>&) {
    return to_capsule(std::make_unique<State>());
}

Ref reset(const Arguments<1>& args) {
    State& state = state_of(args[0]);
    state.flag.store(0, std::memory_order_seq_cst);
    state.payload = 0;
    state.counter64.store(0, std::memory_order_seq_cst);
    state.counter32.store(0, std::memory_order_seq_cst);
    state.truth.store(false, std::memory_order_seq_cst);
    state.pointer.store(nullptr, std::memory_order_seq_cst);
    return Ref::none();
}

Ref load_counter64(const Arguments<1>& args) {
    return to_int(state_of(args[0]).counter64.load(std::memory_order_seq_cst));
}

Ref load_counter32(const Arguments<1>& args) {
    return to_int(state_of(args[0]).counter32.load(std::memory_order_seq_cst));
}

Ref load_bool(const Arguments<1>& args) {
    return Ref::steal(
        PyBool_FromLong(state_of(args[0]).truth.load(std::memory_order_seq_cst)));
}

Ref load_ptr(const Arguments<1>& args) {
    return to_address(state_of(args[0]).pointer.load(std::memory_order_seq_cst));
}

Ref producer(const Arguments<2>& args) {
    State& state = state_of(args[0]);
    const unsigned long long payload = PyLong_AsUnsignedLongLong(args[1]);
    if (PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    state.payload = payload;
    state.flag.store(1, std::memory_order_release);
    return Ref::none();
}

Ref consumer(const Arguments<1>& args) {
    const State& state = state_of(args[0]);
    {
        const py::Detached detached;
        while (state.flag.load(std::memory_order_acquire) == 0) {
            compat::cpu_relax();
        }
    }
    return to_int(state.payload);
}

template <auto kCounter>
Ref fetch_add(const Arguments<2>& args) {
    auto& counter = state_of(args[0]).*kCounter;
    const std::uint64_t times = to_count(args[1]);
    {
        const py::Detached detached;
        for (std::uint64_t left = times; left != 0; --left) {
            counter.fetch_add(1, std::memory_order_relaxed);
        }
    }
    return Ref::none();
}

Ref cas_increment(const Arguments<2>& args) {
    std::atomic<std::uint64_t>& counter = state_of(args[0]).counter64;
    const std::uint64_t times = to_count(args[1]);
    {
        const py::Detached detached;
        for (std::uint64_t left = times; left != 0; --left) {
            std::uint64_t now = counter.load(std::memory_order_relaxed);
            while (!counter.compare_exchange_weak(
                now, now + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
            }
        }
    }
    return Ref::none();
}

void expect(bool holds, const char* what) {
    if (!holds) {
        py::raise(PyExc_AssertionError, "atomics: %s went wrong", what);
    }
}

/// The same steps under one order, or what of it a load and a store can have.
template <typename T>
void round_trip(T first, T second, std::memory_order memory_order) {
    const bool releases = memory_order == std::memory_order_release;
    const bool acquires = memory_order == std::memory_order_acquire;
    const bool both = memory_order == std::memory_order_acq_rel;
    const auto memory_order_load =
        both || releases ? std::memory_order_acquire : memory_order;
    const auto memory_order_store =
        both || acquires ? std::memory_order_release : memory_order;
    std::atomic<T> word{first};
    expect(word.load(memory_order_load) == first, "load");
    word.store(second, memory_order_store);
    expect(word.load(memory_order_load) == second, "store");
    expect(word.exchange(first, memory_order) == second, "exchange");
    T expected = second;
    expect(!word.compare_exchange_strong(expected, first, memory_order,
                                         memory_order_load) &&
               expected == first,
           "failing compare_exchange");
    expect(
        word.compare_exchange_strong(expected, second, memory_order, memory_order_load),
        "compare_exchange");
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        expect(word.fetch_add(2, memory_order) == second, "fetch_add");
        expect(word.fetch_sub(2, memory_order) == static_cast<T>(second + 2),
               "fetch_sub");
    }
    expect(word.load(memory_order_load) == second, "last load");
}

Ref round_trip_all(const Arguments<0>&) {
    int here = 0;
    for (const auto memory_order :
         {std::memory_order_relaxed, std::memory_order_acquire,
          std::memory_order_release, std::memory_order_acq_rel,
          std::memory_order_seq_cst}) {
        round_trip<std::uint64_t>(1, ~std::uint64_t{0}, memory_order);
        round_trip<std::uint32_t>(1, ~std::uint32_t{0}, memory_order);
        round_trip<bool>(false, true, memory_order);
        round_trip<void*>(nullptr, &here, memory_order);
    }
    return Ref::none();
}

PyMethodDef methods[] = {
    method<0, make_state>("atomics_make_state"),
    method<1, reset>("atomics_reset"),
    method<1, load_counter64>("atomics_load_counter64"),
    method<1, load_counter32>("atomics_load_counter32"),
    method<1, load_bool>("atomics_load_bool"),
    method<1, load_ptr>("atomics_load_ptr"),
    method<2, producer>("atomics_producer"),
    method<1, consumer>("atomics_consumer"),
    method<2, fetch_add<&State::counter64>>("atomics_fetch_add_loop_u64"),
    method<2, fetch_add<&State::counter32>>("atomics_fetch_add_loop_u32"),
    method<2, cas_increment>("atomics_cas_increment_loop_u64"),
    method<0, round_trip_all>("atomics_round_trip"),
    {},
};

PyModuleDef definition = module_of("bocpy._internal_test_atomics", methods);

} // namespace

} // namespace boc::test

PyMODINIT_FUNC PyInit__internal_test_atomics() {
    return PyModuleDef_Init(&boc::test::definition);
}
