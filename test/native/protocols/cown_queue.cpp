// Behaviors that want some of a few cowns: each runs once, alone on its cowns, after
// those that came before it.

#include "sched/cown_queue.h"

#include "explore.h"

#include <array>
#include <deque>
#include <optional>
#include <vector>

using namespace boc;
using test::Plain;

namespace {

struct Cown {
    sched::CownQueue queue;
    Plain runs;
};

/// What the layers above put around a Place.
class Request {
public:
    explicit Request(Cown& cown) noexcept : cown_{cown} {}
    [[nodiscard]] const sched::Waiter* successor() const noexcept {
        return place_.successor();
    }
    bool link(sched::Waiter* waiter) noexcept {
        return place_.link(cown_.queue, waiter);
    }
    void link_alone() noexcept { place_.link_alone(cown_.queue); }
    void open() noexcept { place_.open(); }
    sched::Waiter* unlink() noexcept { return place_.unlink(cown_.queue); }
    [[nodiscard]] Cown& cown() const noexcept { return cown_; }

private:
    Cown& cown_;
    sched::Place place_;
};

class Behavior;
using Ready = std::vector<Behavior*>;

class Behavior : public sched::Waiter {
public:
    Behavior(unsigned index, std::initializer_list<Cown*> cowns) : index_{index} {
        for (Cown* const cown : cowns) {
            requests_.emplace_back(*cown);
        }
    }
    void schedule(Ready& ready) {
        scheduled_.set(1);
        if (link_all(requests_)) {
            ready.push_back(this);
        }
    }
    /// The body adds one to each cown; answers with what the first held before.
    std::uint64_t run(Ready& ready) {
        CHECK(scheduled_.get() == 1);
        const std::uint64_t before = requests_.front().cown().runs.get();
        for (Request& request : requests_) {
            Plain& runs = request.cown().runs;
            runs.set(runs.get() + 1);
            const auto* const waits = static_cast<const Behavior*>(request.successor());
            CHECK(waits == nullptr || waits->scheduled_.get() == 1); // reports look
        }
        CHECK(leave(index_ == 0)); // nobody else asks, whether it knows or not
        for (Request& request : requests_) {
            auto* const waiting = static_cast<Behavior*>(request.unlink());
            if (waiting != nullptr && waiting->granted(1)) {
                ready.push_back(waiting);
            }
        }
        return before;
    }
    [[nodiscard]] unsigned index() const { return index_; }

private:
    unsigned index_;
    std::deque<Request> requests_;
    Plain scheduled_;
};

/// Places for behaviors, which end as soon as they have run: a step that touches one
/// later is found.
template <unsigned kCount>
class Behaviors {
public:
    template <typename... Cowns>
    Behavior& make(unsigned index, Cowns*... cowns) {
        return places_[index].emplace(index, std::initializer_list<Cown*>{cowns...});
    }
    void run_all(Ready ready) {
        while (!ready.empty()) {
            Behavior* const next = ready.back();
            ready.pop_back();
            const unsigned index = next->index();
            order_[index].set(next->run(ready) + 1);
            places_[index].reset();
        }
    }
    /// When it ran, counted on its first cown from 1 on; 0 if it did not.
    [[nodiscard]] std::uint64_t turn(unsigned index) const {
        return order_[index].get();
    }

private:
    std::array<std::optional<Behavior>, kCount> places_;
    std::array<Plain, kCount> order_;
};

/// Three threads want the same cown, one of them twice.
struct OneCown {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        schedule(index);
        if (index == 0) {
            schedule(3);
        }
    }
    void schedule(unsigned place) {
        Ready ready;
        behaviors.make(place, &cown).schedule(ready);
        behaviors.run_all(ready);
    }
    void after() {
        CHECK(cown.runs.get() == 4);
        CHECK(behaviors.turn(0) < behaviors.turn(3));
    }

    Cown cown;
    Behaviors<4> behaviors;
};

/// One thread schedules two before either runs: they run in that order.
struct Order {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        Ready ready;
        if (index == 0) {
            behaviors.make(0, &cowns[0], &cowns[1]).schedule(ready);
            behaviors.make(1, &cowns[0], &cowns[1]).schedule(ready);
        } else {
            behaviors.make(2, &cowns[0], &cowns[1]).schedule(ready);
        }
        behaviors.run_all(ready);
    }
    void after() {
        CHECK(cowns[0].runs.get() == 3 && cowns[1].runs.get() == 3);
        CHECK(behaviors.turn(0) != 0 && behaviors.turn(0) < behaviors.turn(1));
    }

    std::array<Cown, 2> cowns;
    Behaviors<3> behaviors;
};

/// Three threads, three cowns, each thread wants another two of them: no circle.
struct Circle {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        Ready ready;
        Cown& low = cowns[index == 2 ? 0 : index];
        Cown& high = cowns[index == 2 ? 2 : index + 1];
        behaviors.make(index, &low, &high).schedule(ready);
        behaviors.run_all(ready);
    }
    void after() {
        for (const Cown& cown : cowns) {
            CHECK(cown.runs.get() == 2);
        }
    }

    std::array<Cown, 3> cowns;
    Behaviors<3> behaviors;
};

/// Some want both cowns, some want one: whoever overlaps does so in one order.
struct Overlap {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        Ready ready;
        if (index == 0) {
            behaviors.make(0, &cowns[1]).schedule(ready);
            behaviors.run_all(ready);
            ready.clear();
        }
        behaviors.make(index + 1, &cowns[0], &cowns[1]).schedule(ready);
        behaviors.run_all(ready);
    }
    void after() { CHECK(cowns[0].runs.get() == 3 && cowns[1].runs.get() == 4); }

    std::array<Cown, 2> cowns;
    Behaviors<4> behaviors;
};

/// A behavior's own result is in its queue before anybody else can reach it.
struct OwnResult {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        Ready ready;
        if (index == 0) {
            own.link_alone();
            own.open();
            published.store(&result, std::memory_order_release);
            result.runs.set(1);
            if (auto* const next = static_cast<Behavior*>(own.unlink())) {
                if (next->granted(1)) {
                    ready.push_back(next);
                }
            }
        } else if (Cown* const seen = published.load(std::memory_order_acquire)) {
            wanted[index - 1].set(1);
            behaviors.make(index - 1, seen).schedule(ready);
        }
        behaviors.run_all(ready);
    }
    void after() { CHECK(result.runs.get() == 1 + wanted[0].get() + wanted[1].get()); }

    Cown result;
    Request own{result};
    Atomic<Cown*> published{nullptr};
    std::array<Plain, 2> wanted;
    Behaviors<2> behaviors;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<OneCown>("one cown"), test::scenario<Order>("order"),
         test::scenario<Circle>("circle"), test::scenario<Overlap>("overlap"),
         test::scenario<OwnResult>("own result")});
}
