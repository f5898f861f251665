// What compat promises about the machine it runs on.

#include "compat.h"

#include "harness.h"
#include "scope.h"

#include <atomic>
#include <chrono>

using namespace boc;

namespace {

void counts_cores_no_higher_than_processors() {
    CHECK(compat::usable_cpu_count() >= 1);
    CHECK(compat::physical_cpu_count() <= compat::usable_cpu_count());
}

void clock_goes_forward() {
    const auto before = compat::monotonic_ns();
    CHECK(before != 0);
    CHECK(compat::monotonic_ns() >= before);
}

void names_of_any_length_are_taken() {
    compat::set_thread_name("a name that is far too long for most systems");
    compat::set_thread_name("");
}

void futex_does_not_sleep_on_another_value() {
    const std::atomic<std::uint32_t> word{1};
    compat::futex_wait(word, 0, compat::kForever);
}

void futex_keeps_its_deadline() {
    const std::atomic<std::uint32_t> word{0};
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds{20};
    while (compat::futex_wait(word, 0, deadline) != compat::FutexWait::kTimedOut) {
    }
    CHECK(std::chrono::steady_clock::now() >= deadline);
}

void scope_runs_its_function_once() {
    int runs = 0;
    {
        const auto count = on_exit([&] { ++runs; });
        CHECK(runs == 0);
    }
    CHECK(runs == 1);
}

} // namespace

int main() {
    counts_cores_no_higher_than_processors();
    clock_goes_forward();
    names_of_any_length_are_taken();
    futex_does_not_sleep_on_another_value();
    futex_keeps_its_deadline();
    scope_runs_its_function_once();
}
