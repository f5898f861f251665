#include "behavior.h"

#include "block_pool.h"
#include "compat.h"
#include "failure.h"
#include "handle.h"
#include "look.h"
#include "plan.h"
#include "sched.h"
#include "sched/pump_queue.h"
#include "terminator.h"

#include <algorithm>
#include <memory>
#include <new>

namespace boc {

namespace {

/// Lays arrays out behind one another, each aligned for its type.
class Layout {
public:
    explicit Layout(std::size_t used) noexcept : used_{used} {}
    template <typename T>
    [[nodiscard]] std::size_t add(std::size_t count) noexcept {
        used_ = (used_ + alignof(T) - 1) & ~(alignof(T) - 1);
        return std::exchange(used_, used_ + count * sizeof(T));
    }
    [[nodiscard]] std::size_t size() const noexcept { return used_; }

private:
    std::size_t used_;
};

/// Behaviors that the calling thread could not dispatch. They are abandoned one after
/// the other: a queue of a million must not be a million frames deep.
BOC_THREAD_LOCAL sched::Work* t_dropped = nullptr;
BOC_THREAD_LOCAL bool t_dropping = false;

} // namespace

Behavior* Behavior::create(std::span<Cown* const> cowns,
                           std::span<const Position> positions, std::size_t captures,
                           CownPtr result) {
    const std::size_t distinct = cowns.size() + (result ? 1 : 0);
    Layout layout{sizeof(Behavior)};
    const auto requests_at = layout.add<Request>(distinct);
    const auto cowns_at = layout.add<Cown*>(cowns.size());
    const auto scratch_at = layout.add<Cown*>(distinct);
    const auto positions_at = layout.add<Position>(positions.size());
    const auto captures_at = layout.add<Parcel>(captures);
    auto* const block = static_cast<std::byte*>(BlockPool::take(layout.size()));

    auto* const made = new (block) Behavior;
    made->requests_ = reinterpret_cast<Request*>(block + requests_at);
    made->cowns_ = reinterpret_cast<Cown**>(block + cowns_at);
    made->positions_ = reinterpret_cast<Position*>(block + positions_at);
    made->captures_ = reinterpret_cast<Parcel*>(block + captures_at);
    made->size_ = static_cast<std::uint32_t>(layout.size());
    made->n_cowns_ = static_cast<std::uint32_t>(cowns.size());
    made->n_positions_ = static_cast<std::uint32_t>(positions.size());
    made->n_captures_ = static_cast<std::uint32_t>(captures);
    std::uninitialized_copy(cowns.begin(), cowns.end(), made->cowns_);
    std::uninitialized_copy(positions.begin(), positions.end(), made->positions_);
    std::uninitialized_default_construct_n(made->captures_, captures);
    for (Cown* const cown : cowns) {
        cown->retain();
        made->pinned_ |= cown->pinned();
    }
    if (result) {
        made->result_ = result.release();
    } else {
        made->result_ = &made->own_result_;
        made->own_result_.block_ = made;
    }
    made->add_requests({reinterpret_cast<Cown**>(block + scratch_at), distinct});
    return made;
}

/// One request per distinct cown, in ascending order.
void Behavior::add_requests(std::span<Cown*> scratch) noexcept {
    if (scratch.size() == 1) {
        new (requests_) Request{n_cowns_ == 1 ? *cowns_ : result_};
        n_requests_ = 1;
        return;
    }
    std::copy_n(cowns_, n_cowns_, scratch.begin());
    if (scratch.size() > n_cowns_) {
        scratch.back() = result_;
    }
    std::sort(scratch.begin(), scratch.end(), std::less<>{});
    const auto end = std::unique(scratch.begin(), scratch.end());
    for (auto cown = scratch.begin(); cown != end; ++cown) {
        new (requests_ + n_requests_++) Request{*cown};
    }
}

void Behavior::destroy() noexcept {
    Look::pass();
    let_go();
    Cown* const result = result_;
    if (result != &own_result_) {
        free_block(this);
    }
    result->drop_sole(); // an own result takes the block with it
}

void Behavior::free_block(Behavior* behavior) noexcept {
    std::destroy_n(behavior->captures_, behavior->n_captures_);
    const std::size_t size = behavior->size_;
    behavior->~Behavior();
    BlockPool::give(behavior, size);
}

void Behavior::let_go() noexcept {
    while (n_cowns_ > 0) {
        cowns_[--n_cowns_]->drop();
    }
    for (Parcel& value : captures()) {
        value.clear();
    }
}

bool Behavior::schedule() noexcept {
    if (!sched::Scheduler::instance().running()) {
        return false;
    }
    if (result_ == &own_result_) {
        own_request_.link_alone();
        own_request_.open();
    }
    if (link_all(std::span{requests_, n_requests_})) {
        dispatch();
    }
    return true;
}

void Behavior::dispatch_to_main() noexcept {
    if (!sched::PumpQueue::instance().push(this)) {
        give_up();
    }
}

void Behavior::dispatch_to_worker() noexcept {
    if (!sched::Scheduler::instance().dispatch(this)) {
        give_up();
    }
}

void Behavior::give_up() noexcept {
    next.store(t_dropped, std::memory_order_relaxed);
    t_dropped = this;
    if (t_dropping) {
        return;
    }
    t_dropping = true;
    const py::ErrorPause pause;
    while (auto* const dropped = static_cast<Behavior*>(t_dropped)) {
        t_dropped = dropped->next.load(std::memory_order_relaxed);
        PyErr_SetString(PyExc_RuntimeError, "behavior dropped by stop()");
        dropped->abandon(py::take_error());
    }
    t_dropping = false;
}

std::string Behavior::label() const {
    return plan_ != nullptr ? plan_->label() : thunk_;
}

std::string Behavior::name_of(const Cown* cown) const {
    const auto item = [](std::string name, std::ptrdiff_t index) {
        return std::move(name) + "[" + std::to_string(index) + "]";
    };
    const auto at = std::ranges::find(cowns(), cown);
    auto first = cowns().begin();
    for (std::size_t place = 0; place < n_positions_ && plan_ != nullptr; ++place) {
        const Position& position = positions_[place];
        if (at - first < position.count) {
            const std::string name = plan_->parameter(place);
            return position.group ? item(name, at - first) : name;
        }
        first += position.count;
    }
    return item("cowns", at - cowns().begin());
}

void Behavior::acquire_cowns() {
    for (std::uint32_t i = 0; i < n_requests_; ++i) {
        Cown* const cown = requests_[i].cown();
        if (cown == result_) {
            continue;
        }
        const int done = py::guarded_int([&] { cown->acquire(); });
        if (done < 0) {
            note_failure("while acquiring '" + name_of(cown) + "' for " + label() +
                         ", which did not run");
            const py::Ref error = py::take_error();
            log_failure("a cown could not be acquired", error.get());
            PyErr_SetRaisedException(error.share().release());
            throw py::ErrorSet{};
        }
    }
}

py::Ref Behavior::release_cowns() {
    py::Ref first;
    auto first_at = cowns().end();
    for (std::uint32_t i = 0; i < n_requests_; ++i) {
        Cown* const cown = requests_[i].cown();
        if (cown == result_) {
            continue;
        }
        if (py::Ref error = cown->release_or_fail(this, requests_[i].followed())) {
            log_failure("a value could not be released", error.get());
            if (const auto at = std::ranges::find(cowns(), cown); at < first_at) {
                first_at = at;
                first = std::move(error);
            }
        }
    }
    return first;
}

void Behavior::unlink() noexcept {
    if (!leave(unshared())) {
        return;
    }
    const auto pass_on = [](Request& request) {
        sched::Waiter* const waiting = request.unlink();
        if (waiting != nullptr && waiting->granted(1)) {
            static_cast<Behavior*>(waiting)->dispatch();
        }
    };
    std::for_each_n(requests_, n_requests_, pass_on);
    if (result_ == &own_result_ && !own_result_.sole()) {
        pass_on(own_request_);
    }
}

/// Only the behavior itself holds its result: nobody can ask for the value any more.
bool Behavior::result_unseen() const noexcept {
    return result_ == &own_result_ && own_result_.sole();
}

void Behavior::settle(py::Ref value, bool raised) {
    if (is_cown(value.get()) &&
        py::guarded_int([&] {
            value = make_capsule(CownPtr::share(cown_behind(value.get())));
        }) < 0) {
        value = py::take_error();
        raised = true;
    }
    if (result_unseen()) {
        if (raised) {
            own_result_.live_ = value.release();
            own_result_.live_in_ = Home::current().id();
            own_result_.exception_.store(true, std::memory_order_relaxed);
        }
        return;
    }
    const int done =
        py::guarded_int([&] { result_->store(std::move(value), raised, this); });
    if (done < 0) {
        log_failure("a result could not be stored", py::take_error().get());
    }
}

void Behavior::abandon(py::Ref error) {
    settle(std::move(error), true);
    unlink();
    let_go();
    Terminator::instance().dec();
    drop(); // B1: the schedule's
}

} // namespace boc
