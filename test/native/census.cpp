// Counting what lives: threads come and go, what one made another frees, and the sum is
// right once they have been waited for.

#include "census.h"

#include "harness.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

using namespace boc;

namespace {

struct Thing : InCensus<Counted::kParcel> {};

constexpr unsigned kThreads = 4;
constexpr std::size_t kPlaces = 16;

/// Makes things, leaves them where others find them, and frees what it finds.
void swap_things(std::array<std::atomic<Thing*>, kPlaces>& places, std::uint64_t seed) {
    test::Random random{seed};
    for (int left = test::repeat(2'000); left != 0; --left) {
        auto& place = places[random.below(kPlaces)];
        const std::unique_ptr<Thing> found{
            place.exchange(new Thing, std::memory_order_acq_rel)};
        static_cast<void>(Census::total(Counted::kParcel)); // while all count
    }
}

void counts_add_up_over_generations_of_threads() {
    for (int generation = 0; generation < 20; ++generation) {
        std::array<std::atomic<Thing*>, kPlaces> places{};
        test::Threads threads;
        for (unsigned index = 0; index < kThreads; ++index) {
            threads.add([&places, index, generation] {
                swap_things(places, test::seed() + index + 100U * unsigned(generation));
            });
        }
        threads.join();
        std::int64_t left = 0;
        for (std::atomic<Thing*>& place : places) {
            left += place.load(std::memory_order_relaxed) != nullptr ? 1 : 0;
        }
        CHECK(Census::total(Counted::kParcel) == left);
        for (std::atomic<Thing*>& place : places) {
            delete place.load(std::memory_order_relaxed);
        }
        CHECK(Census::total(Counted::kParcel) == 0);
    }
}

/// Counts when its thread has left its sheet already.
struct Late {
    ~Late() { Census::add(Counted::kCown, 1); }
};

void who_counts_late_counts_too() {
    const std::int64_t before = Census::total(Counted::kCown);
    test::Threads threads;
    for (unsigned index = 0; index < kThreads; ++index) {
        threads.add([] {
            static thread_local const Late late; // ends after the use of the sheet
            static_cast<void>(late);
            Census::add(Counted::kCown, 1);
        });
    }
    threads.join();
    CHECK(Census::total(Counted::kCown) == before + 2 * std::int64_t{kThreads});
}

} // namespace

int main() {
    counts_add_up_over_generations_of_threads();
    who_counts_late_counts_too();
    return 0;
}
