#pragma once

#include "cown.h"

namespace boc {

/// The place of one behavior in the queue of one cown (an MCS-style link, as in "When
/// Concurrency Matters: Behaviour-Oriented Concurrency", OOPSLA 2023).
///
///   Cown::last_  written by all         Q1: link() exchanges it (acq_rel); unlink()
///   puts
///                                       null back by CAS if nobody came after
///   next_        written by successor   Q2: set once (release), after the predecessor
///   was
///                                       seen linked; read by unlink() (acquire). Until
///                                       it is set the predecessor waits, so its
///                                       request lives
///   linked_      written by owner       Q3: set (release) once all requests of the
///                                       behavior have their place: a successor waits
///                                       for it, so behaviors overlap in one order
///                                       everywhere
class Request {
public:
    explicit Request(Cown* cown) noexcept : cown_{cown} {}

    [[nodiscard]] Cown* cown() const noexcept { return cown_; }

    /// Phase one, in ascending order of cowns: true if nobody was before.
    [[nodiscard]] bool link(Behavior* behavior) noexcept;
    /// The same for a cown that nobody else can reach yet.
    void link_alone() noexcept {
        cown_->last_.store(this, std::memory_order_release);
    } // Q1
    /// Phase two: all requests of the behavior have their place.
    void open() noexcept { linked_.store(true, std::memory_order_release); } // Q3
    /// Whether a behavior waits for this one already.
    [[nodiscard]] bool followed() const noexcept {
        return next_.load(std::memory_order_relaxed) != nullptr;
    }
    /// Leaves the queue; answers with the behavior that waited for it, or null.
    [[nodiscard]] Behavior* unlink() noexcept;

private:
    Cown* cown_;
    std::atomic<Behavior*> next_{nullptr};
    std::atomic<bool> linked_{false};
};

} // namespace boc
