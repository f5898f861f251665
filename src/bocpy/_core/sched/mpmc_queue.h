#pragma once

#include "atomic.h"
#include "compat.h"
#include "sched/work.h"

namespace boc::sched {

/// A chain of work. `end` is the link inside its last item. Links in between may still
/// be on their way: the pusher has its place but has not stored it (Q2).
struct Segment {
    Work* first = nullptr;
    Atomic<Work*>* end = nullptr;

    [[nodiscard]] bool empty() const noexcept { return first == nullptr; }

    /// Takes the first item out; nullptr if empty or the link behind it is on its way.
    [[nodiscard]] Work* try_take() noexcept {
        Work* const work = first;
        if (work == nullptr) {
            return nullptr;
        }
        if (&work->next == end) {
            first = nullptr;
            return work;
        }
        Work* const rest = work->next.load(std::memory_order_acquire); // Q2
        if (rest == nullptr) {
            return nullptr;
        }
        first = rest;
        return work;
    }

    /// Takes the first item out, waiting for its link; nullptr if empty.
    [[nodiscard]] Work* take() noexcept {
        while (!empty()) {
            if (Work* const work = try_take()) {
                return work;
            }
            compat::cpu_relax();
        }
        return nullptr;
    }
};

/// Intrusive queue: any thread pushes, any thread takes, none allocates. A push is one
/// exchange; taking may find the queue "empty" while another thread is in the middle.
///
///   back_   pushers      the link that the next push fills; &front_ when empty
///   front_  all          first item; null when empty or while a taker holds it
///     Q1: exchanging back_ (seq_cst) gives a pusher its place; the order of those
///         exchanges is the order of the queue. Seq_cst because pushers and sleepers
///         look at each other crosswise (see Crew, CR3)
///     Q2: storing the link (release) publishes the item; takers read it with acquire
///     Q3: who exchanges a non-null front_ for null owns the front until it stores it
///         again or has closed the queue; others see an empty queue meanwhile
///     Q4: a single item is taken by turning back_ from its link to &front_; if that
///         fails a pusher has the place behind it, and will store the link
class MpmcQueue {
public:
    MpmcQueue() noexcept = default;
    MpmcQueue(const MpmcQueue&) = delete;
    MpmcQueue& operator=(const MpmcQueue&) = delete;
    ~MpmcQueue() = default;

    void enqueue(Work* work) noexcept { enqueue(Segment{work, &work->next}); }

    void enqueue(Segment segment) noexcept {
        segment.end->store(nullptr, std::memory_order_relaxed);
        Atomic<Work*>* const place =
            back_.exchange(segment.end, std::memory_order_seq_cst); // Q1
        place->store(segment.first, std::memory_order_release);     // Q2
    }

    /// Puts `work` before everything else, or behind it if a taker is in the middle.
    void enqueue_front(Work* work) noexcept {
        Work* const front = front_.exchange(nullptr, std::memory_order_acquire); // Q3
        if (front == nullptr) {
            enqueue(work);
            return;
        }
        work->next.store(front, std::memory_order_relaxed);
        front_.store(work, std::memory_order_release); // Q2, Q3
    }

    /// The first item; nullptr if empty, or if another thread is in the middle.
    [[nodiscard]] Work* try_dequeue() noexcept {
        if (approx_empty()) {
            return nullptr;
        }
        Work* const front = front_.exchange(nullptr, std::memory_order_acquire); // Q3
        if (front == nullptr) {
            return nullptr;
        }
        Work* rest = front->next.load(std::memory_order_acquire); // Q2
        if (rest == nullptr) {
            Atomic<Work*>* last = &front->next;
            if (back_.compare_exchange_strong(last, &front_, std::memory_order_acq_rel,
                                              std::memory_order_relaxed)) { // Q4
                return front;
            }
            rest = front->next.load(std::memory_order_acquire); // Q2
        }
        front_.store(rest != nullptr ? rest : front, std::memory_order_release); // Q3
        return rest != nullptr ? front : nullptr;
    }

    /// Everything; empty also if another thread is in the middle.
    [[nodiscard]] Segment try_dequeue_all() noexcept {
        if (approx_empty()) {
            return {};
        }
        Work* const front = front_.exchange(nullptr, std::memory_order_acquire); // Q3
        if (front == nullptr) {
            return {};
        }
        return {front, back_.exchange(&front_, std::memory_order_acq_rel)}; // Q1
    }

    [[nodiscard]] bool approx_empty() const noexcept {
        return back_.load(std::memory_order_relaxed) == &front_;
    }

    /// Whether nothing was pushed before the caller's latest seq_cst operation and is
    /// still here (see Crew, CR3).
    [[nodiscard]] bool empty() const noexcept {
        return back_.load(std::memory_order_seq_cst) == &front_;
    }

    /// Forgets what is in it. No other thread may be using it.
    void reset() noexcept {
        front_.store(nullptr, std::memory_order_relaxed);
        back_.store(&front_, std::memory_order_relaxed);
    }

private:
    alignas(compat::kCacheLine) Atomic<Atomic<Work*>*> back_{&front_};
    alignas(compat::kCacheLine) Atomic<Work*> front_{nullptr};
};

} // namespace boc::sched
