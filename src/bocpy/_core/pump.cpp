#include "pump.h"

#include "scope.h"
#include "terminator.h"

#include <chrono>
#include <new>

namespace boc {

/// The time that one thread pumps.
class Pump::Turn {
public:
    explicit Turn(Pump& pump) : pump_{pump}, entry_{pump} {
        post_.pump();
        const std::scoped_lock lock{pump.mutex_}; // PU2
        pump.idle_.reserve(
            static_cast<std::size_t>(pump.pumping_.load(std::memory_order_relaxed)));
        if (pump.idle_.empty()) {
            seat_ = std::make_unique<Seat>();
        } else {
            seat_ = std::move(pump.idle_.back());
            pump.idle_.pop_back();
        }
        seat_->show_in(&post_);
    }
    ~Turn() {
        seat_->show_in(nullptr);
        const std::scoped_lock lock{pump_.mutex_}; // PU2
        if (pump_.idle_.size() < pump_.idle_.capacity()) {
            pump_.idle_.push_back(std::move(seat_));
        }
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    [[nodiscard]] Seat::Failure run(Behavior& behavior) {
        const auto done = on_exit([] { sched::PumpQueue::instance().done(); });
        return seat_->run_one(behavior);
    }

private:
    struct Entry {
        explicit Entry(Pump& where) : pump{where} {
            if (inside_) {
                py::raise(PyExc_RuntimeError,
                          "pump() is not reentrant: this is a behavior that it runs");
            }
            int none = 0;
            if constexpr (py::kThreadsTakeTurns) {
                pump.pumping_.fetch_add(1, std::memory_order_acquire); // PU1
            } else if (!pump.pumping_.compare_exchange_strong(
                           none, 1, std::memory_order_acquire,
                           std::memory_order_relaxed)) { // PU1
                py::raise(PyExc_RuntimeError,
                          "another thread is in pump(): without a GIL, one thread "
                          "pumps at a time");
            }
            inside_ = true;
        }
        ~Entry() {
            inside_ = false;
            pump.pumping_.fetch_sub(1, std::memory_order_release); // PU1
            if (sched::PumpQueue::instance().ready()) {
                Terminator::instance().wake();
            }
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        Pump& pump;
    };

    Pump& pump_;
    Entry entry_;
    Post post_;
    std::unique_ptr<Seat> seat_;
};

Pump::Outcome Pump::run(const Limits& limits) {
    Turn turn{*this};
    Home& home = Home::current();
    home.recycle_on_main();
    Outcome done;
    while (done.executed < limits.most && !done.deadline_reached) {
        sched::Work* const work = sched::PumpQueue::instance().try_take();
        if (work == nullptr) {
            break;
        }
        const Seat::Failure failure = turn.run(*static_cast<Behavior*>(work));
        home.recycle_on_main();
        ++done.executed;
        done.deadline_reached = limits.deadline && compat::now() >= *limits.deadline;
        if (!failure.error) {
            continue;
        }
        PyObject* const error = failure.error.get();
        const bool ordinary = PyErr_GivenExceptionMatches(error, PyExc_Exception) != 0;
        done.raised += ordinary && failure.in_body ? 1 : 0;
        if (!ordinary || (limits.raise && failure.in_body)) {
            PyErr_SetRaisedException(failure.error.share().release());
            throw py::ErrorSet{};
        }
    }
    return done;
}

std::optional<Pump::Starvation> Pump::starvation(std::chrono::milliseconds patience) {
    const auto spell = sched::PumpQueue::instance().spell();
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
        compat::now() - spell.since);
    if (spell.depth == 0 || age <= patience ||
        told_.exchange(spell.number, std::memory_order_relaxed) == spell.number) {
        return std::nullopt;
    }
    return Starvation{age.count(), spell.depth};
}

void Pump::clear() noexcept {
    std::vector<std::unique_ptr<Seat>> gone; // what dies may run Python code
    const std::scoped_lock lock{mutex_};     // PU2
    gone.swap(idle_);
}

void Pump::forget() noexcept {
    pumping_.store(inside_ ? 1 : 0, std::memory_order_relaxed);
    ::new (static_cast<void*>(&mutex_)) std::mutex; // a thread may have held it
}

} // namespace boc
