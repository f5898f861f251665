#pragma once

#include "cown.h"
#include "sched/cown_queue.h"

namespace boc {

/// The place of one behavior in the queue of one cown, see sched::Place.
class Request {
public:
    explicit Request(Cown* cown) noexcept : cown_{cown} {}

    [[nodiscard]] Cown* cown() const noexcept { return cown_; }

    [[nodiscard]] bool link(sched::Waiter* behavior) noexcept {
        return place_.link(cown_->queue_, behavior);
    }
    void link_alone() noexcept { place_.link_alone(cown_->queue_); }
    void open() noexcept { place_.open(); }
    [[nodiscard]] bool followed() const noexcept { return place_.followed(); }
    [[nodiscard]] sched::Waiter* unlink() noexcept {
        return place_.unlink(cown_->queue_);
    }
    /// What waits for this one, or null; while a Look lasts.
    [[nodiscard]] const sched::Waiter* successor() const noexcept {
        return place_.successor();
    }

private:
    Cown* cown_;
    sched::Place place_;
};

} // namespace boc
