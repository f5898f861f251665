// The memory model of C++ at its worst: loads see any value that their order allows.

#include "clock.h"
#include "explore.h"
#include "model.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <streambuf>
#include <string>
#include <variant>
#include <vector>

// clang-format off: what it defines must not be seen by the headers above
#include <relacy/relacy.hpp>
// clang-format on

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

namespace boc::model {

namespace {

using Private = rl::var<std::uint64_t>;
using Lock = rl::mutex;

/// An atomic. Who uses one that was made in this schedule must know that it was, and
/// who destroys it must know of all who used it: that is data like any other.
struct Shared {
    explicit Shared(std::uint64_t value) : atomic{value} {}

    rl::atomic<std::uint64_t> atomic;
    Private made;
    bool checked = false;
};
using Thing = std::variant<std::monostate, Shared, Private, Lock>;

/// What stands behind the words of one schedule. Static words live in all of them.
std::vector<std::unique_ptr<Thing>> things;
std::uint64_t schedule = 0;

/// Behind the words that have been destroyed.
Thing dead;

rl::debug_info info_of(Site site) {
    return {site.function_name(), site.file_name(), static_cast<unsigned>(site.line())};
}

rl::memory_order order_of(Order order) {
    switch (order) {
    case std::memory_order_relaxed:
        return rl::mo_relaxed;
    case std::memory_order_acquire:
        return rl::mo_acquire;
    case std::memory_order_release:
        return rl::mo_release;
    case std::memory_order_acq_rel:
        return rl::mo_acq_rel;
    default:
        return rl::mo_seq_cst;
    }
}

/// The thing behind `word`, made at its first use.
template <typename Kind, typename... Arguments>
Kind& behind(Word& word, Site site, Arguments... arguments) {
    if (word.behind == &dead) {
        fail("a word is used that has been destroyed", site);
    }
    if (word.behind == nullptr || word.schedule != schedule) {
        things.push_back(
            std::make_unique<Thing>(std::in_place_type<Kind>, arguments...));
        word.behind = things.back().get();
        word.schedule = schedule;
    }
    return std::get<Kind>(*static_cast<Thing*>(word.behind));
}

Shared& thing_of(Word& word, Site site) {
    pass_time(std::chrono::nanoseconds{100});
    return behind<Shared>(word, site, word.value);
}

rl::atomic<std::uint64_t>& shared(Word& word, Site site) {
    Shared& thing = thing_of(word, site);
    if (thing.checked) {
        static_cast<void>(thing.made(info_of(site)).load());
    }
    return thing.atomic;
}

} // namespace

void begin(Word& word) noexcept {
    Shared& thing = thing_of(word, Site::current());
    thing.made(info_of(Site::current())).store(1);
    thing.checked = true;
}
void end(Word& word) noexcept {
    const auto at = std::find_if(things.begin(), things.end(),
                                 [&](auto& each) { return each.get() == word.behind; });
    if (at != things.end()) {
        auto* const thing = std::get_if<Shared>(at->get());
        if (thing != nullptr && thing->checked) {
            thing->made(info_of(Site::current())).store(0);
        }
        things.erase(at);
    }
    word.behind = &dead;
}

std::uint64_t load(Word& word, Order order, Site site) noexcept {
    return shared(word, site).load(order_of(order), info_of(site));
}
void store(Word& word, std::uint64_t value, Order order, Site site) noexcept {
    shared(word, site).store(value, order_of(order), info_of(site));
}
std::uint64_t exchange(Word& word, std::uint64_t value, Order order,
                       Site site) noexcept {
    return shared(word, site).exchange(value, order_of(order), info_of(site));
}
std::uint64_t add(Word& word, std::uint64_t value, Order order, Site site) noexcept {
    return shared(word, site).fetch_add(value, order_of(order), info_of(site));
}
std::uint64_t set_bits(Word& word, std::uint64_t bits, Order order,
                       Site site) noexcept {
    return shared(word, site).fetch_or(bits, order_of(order), info_of(site));
}
bool compare_exchange(Word& word, std::uint64_t& expected, std::uint64_t wanted,
                      bool weak, Order success, Order failure, Site site) noexcept {
    auto& target = shared(word, site);
    const rl::debug_info info = info_of(site);
    return weak ? target.compare_exchange_weak(expected, wanted, order_of(success),
                                               info, order_of(failure), info)
                : target.compare_exchange_strong(expected, wanted, order_of(success),
                                                 info, order_of(failure), info);
}

std::uint64_t read(Word& word, Site site) noexcept {
    return behind<Private>(word, site)(info_of(site)).load();
}
void write(Word& word, std::uint64_t value, Site site) noexcept {
    behind<Private>(word, site)(info_of(site)).store(value);
}

void lock(Word& mutex, Site site) noexcept {
    behind<Lock>(mutex, site).lock(info_of(site));
}
void unlock(Word& mutex, Site site) noexcept {
    behind<Lock>(mutex, site).unlock(info_of(site));
}

void pause() noexcept {
    pass_time(std::chrono::nanoseconds{100});
    rl::yield(1, info_of(Site::current()));
}

void fail(const char* what, Site site) noexcept {
    rl::ctx().fail_test(what, rl::test_result_user_assert_failed, info_of(site));
    std::abort(); // fail_test leaves the fiber
}

} // namespace boc::model

namespace boc::compat {

FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                     Deadline deadline) noexcept {
    const auto site = model::Site::current();
    auto& target = model::shared(word.word(), site);
    static_cast<void>(target.load(rl::mo_relaxed, model::info_of(site)));
    if (target.debug_value() != expected) { // the kernel sees the latest value
        return FutexWait::kWoken;
    }
    const bool timed = deadline != kForever;
    const auto reason = target.wait(rl::ctx(), timed, true, model::info_of(site));
    if (reason == rl::unpark_reason_timeout) {
        model::pass_time_until(deadline);
        return FutexWait::kTimedOut;
    }
    return FutexWait::kWoken;
}

void futex_wake(const Atomic<std::uint32_t>& word, int count) noexcept {
    const auto site = model::Site::current();
    auto& target = model::shared(word.word(), site);
    target.wake(rl::ctx(), std::min(count, 16), model::info_of(site));
}

} // namespace boc::compat

namespace test {

namespace {

const Scenario* scenario_now = nullptr;

/// Memory comes from the system: leaks are the business of AddressSanitizer.
struct PlainMemory : rl::context {
    static void use() { rl::ctx().*(&PlainMemory::disable_alloc_) = 1; }
};

template <rl::thread_id_t kThreads>
struct Suite : rl::test_suite<Suite<kThreads>, kThreads> {
    void before() {
        PlainMemory::use();
        for (auto& each : boc::model::things) { // of a schedule that failed
            static_cast<void>(each.release());
        }
        boc::model::things.clear();
        ++boc::model::schedule;
        boc::model::the_time = boc::compat::Deadline{std::chrono::hours{1}};
        state = scenario_now->make();
    }
    void thread(unsigned index) { scenario_now->thread(state, index); }
    void after() {
        scenario_now->after(state);
        scenario_now->destroy(state);
        boc::model::things.clear();
    }
    void* state;
};

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
    const char* const given = std::getenv(variable);
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

struct Silence : std::streambuf {
    int overflow(int character) override { return character; }
};

bool run(const Scenario& scenario, rl::test_params& params) {
    scenario_now = &scenario;
    switch (scenario.threads) {
    case 2:
        return rl::simulate<Suite<2>>(params);
    case 3:
        return rl::simulate<Suite<3>>(params);
    case 4:
        return rl::simulate<Suite<4>>(params);
    default:
        std::printf("%s: write a case for %u threads\n", scenario.name,
                    scenario.threads);
        return false;
    }
}

} // namespace

int explore(std::initializer_list<Scenario> scenarios) {
    const std::uint64_t only = number("BOCPY_SEED", 0);
    Silence silence;
    std::ostream nowhere{&silence};
    for (const Scenario& scenario : scenarios) {
        rl::test_params params;
        params.iteration_count = only != 0 ? only : number("BOCPY_SEEDS", 200);
        params.initial_state = only != 0 ? std::to_string(only) : "";
        params.execution_depth_limit = 20'000;
        params.progress_stream = &nowhere;
        std::ostringstream report;
        params.output_stream = &report;
        if (!run(scenario, params)) {
            const std::string text = report.str();
            std::fprintf(stderr,
                         "%s\n%s: BOCPY_SEED=%" PRIu64 " repeats this schedule\n",
                         text.substr(0, text.find("\nthread 0:")).c_str(),
                         scenario.name, params.stop_iteration);
            std::_Exit(1); // the fibers are left where they are
        }
        std::printf("  %s: %" PRIu64 " schedules\n", scenario.name,
                    params.stop_iteration);
        std::fflush(stdout);
    }
    return 0;
}

} // namespace test
