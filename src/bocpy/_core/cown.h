#pragma once

#include "home.h"
#include "parcel.h"
#include "py/attach.h"
#include "py/error.h"
#include "sched/claim.h"
#include "sched/cown_queue.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace boc {

class Behavior;
class Request;

/// A shared container for one Python value, and the queue of behaviors that want it.
///
///   refs_    written by all      C1: the last drop destroys; each wrapper, request,
///                                parcel and pin holds a count
///   claim_   written by all      C2: whoever made it busy alone touches the value
///   live_    the owner           C3: threads of one interpreter share what it owns, so
///                                each touch is under cell_
///                                C4: while nobody owns it, a value that stays where it
///                                was last used, touched by whoever made it busy
///                                C5: live_ means something while the interpreter
///                                live_in_ is there; ids are never used again
///                                C6: the value of a pinned cown is the primary's from
///                                birth to death, and is never packed. All threads of
///                                the primary that are no workers own it together
class Cown {
public:
    /// A cown that nobody owns, with `value` inside.
    [[nodiscard]] static Cown* create(Parcel value);
    /// One that the primary interpreter, to which the caller is attached, never gives
    /// up: acquire() and release() do nothing there, and throw elsewhere. C6
    [[nodiscard]] static Cown* create_pinned(py::Ref value);
    Cown(const Cown&) = delete;
    Cown& operator=(const Cown&) = delete;

    void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); } // C1
    void drop() noexcept {
        if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) { // C1
            destroy();
        }
    }
    /// Counts up a cown that nobody else has seen yet.
    void retain_alone() noexcept {
        refs_.store(refs_.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed); // C1
    }
    /// The same as drop(), for who probably holds the last count.
    void drop_sole() noexcept {
        if (sole()) {
            destroy();
        } else {
            drop();
        }
    }
    /// Whether the caller's count is the only one, and nobody can get another: the cown
    /// is neither listed among residents nor known by its pickled address.
    [[nodiscard]] bool sole() const noexcept {
        return refs_.load(std::memory_order_acquire) == 1 && place_ == kNowhere && // C1
               !exported_.load(std::memory_order_relaxed);
    }
    /// Counts up unless the cown is already dying.
    [[nodiscard]] bool try_retain() noexcept;

    [[nodiscard]] Owner owner() const noexcept {
        return claim_.owner(); // C2
    }
    [[nodiscard]] bool owned() const noexcept;
    [[nodiscard]] bool pinned() const noexcept { return owner() == kPinned; }

    /// Makes the caller's side the owner, with the value as a live object. Throws
    /// RuntimeError if another holds it; a value that does not load stays as it was.
    void acquire();
    /// Gives the value up in portable form. Throws if it cannot be packed; the cown
    /// then stays owned, its value intact.
    void release();
    /// Gives the value up whatever happens, after a body. One that nobody else can see
    /// stays here if it was here before, or if it is `followed`: a behavior waits for
    /// it, which will run here unless it is stolen. One that cannot be packed is
    /// replaced by the error, with the exception flag set. Answers with that error, or
    /// null.
    py::Ref release_or_fail(const Behavior* behavior, bool followed);
    /// Packs a value that stays in the attached interpreter; false if somebody is
    /// fetching it.
    [[nodiscard]] bool pack_resident();
    /// Puts what `behavior` answered or raised into a cown that nobody owns, or that
    /// the caller owns; a value that cannot be packed is replaced by the error. Throws
    /// if another holds the cown.
    void store(py::Ref value, bool exception, const Behavior* behavior);
    /// Drops the value without packing it.
    void disown();
    /// Lets the primary interpreter read the value without asking, also once a body
    /// that still runs has released it: it acquires the cown at its first look.
    void lend() noexcept;
    /// The caller is about to schedule: undoes lend() and the acquisition it led to,
    /// and packs a value that was kept for threads if workers are interpreters now.
    void reclaim();

    /// The live value; throws unless owned.
    [[nodiscard]] py::Ref value();
    /// Replaces the live value and sets or clears the exception flag; throws unless
    /// owned.
    void set_value(py::Ref value, bool exception = false);
    [[nodiscard]] bool exception();
    void set_exception(bool raised);

    /// Reports the failure of a behavior that nobody has read, before the cown dies.
    void report_if_unread() noexcept;

    /// The cown's pickled address may be loaded by user code.
    void mark_exported() noexcept { exported_.store(true, std::memory_order_relaxed); }

private:
    friend class Behavior;
    friend class Request;
    friend class Residents;

    static constexpr std::uint32_t kNowhere = UINT32_MAX;

    Cown() = default;
    ~Cown() = default;
    void destroy() noexcept;
    void dispose() noexcept;
    [[nodiscard]] py::Ref unread_failure() noexcept;
    void report(PyObject* unread) noexcept;
    void free_live() noexcept;
    [[gnu::noinline]] static void free_pinned(PyObject* value) noexcept;
    [[nodiscard]] py::Ref take_live() noexcept;
    void tell_who_left_it(const Behavior* behavior);
    [[nodiscard]] py::Ref pack_or_put_failure(const Behavior* behavior);
    [[nodiscard]] bool try_stay(Home& here, bool followed);
    void leave_home() noexcept;
    void take(bool lent);
    void fetch(const Home& here, sched::Claim::Busy& settle);
    void release_as(Owner me);
    void end_loan();
    void require_owned() const;
    void require_main(const char* verb) const;
    void take_if_lent() {
        if (lent_.load(std::memory_order_relaxed)) [[unlikely]] {
            take_lent();
        }
    }
    void take_lent();
    void put_failure(PyObject* error, const Behavior* behavior);
    void become_busy(Owner me, const char* verb);

    std::atomic<std::int64_t> refs_{1};
    sched::Claim claim_;
    sched::CownQueue queue_;
    PyObject* live_ = nullptr;  ///< the value while owned, or while it stays
    Owner live_in_ = kNobody;   ///< the interpreter of live_, or of the last one
    Parcel rest_;               ///< the value while nobody owns it and it does not stay
    Behavior* block_ = nullptr; ///< the behavior this is the result of, and lies in
    Cown* next_dead_ = nullptr;
    std::unique_ptr<std::string> told_; ///< repr of an exception that was stored
    [[no_unique_address]] py::Cell cell_;
    std::uint32_t place_ = kNowhere; ///< among the residents of live_in_
    int waits_ = 0;  ///< releases in the same home before the value may stay
    int roamed_ = 0; ///< that waits_ will be after the next move, less one
    std::atomic<bool> exception_{false};
    std::atomic<bool> exported_{false};
    std::atomic<bool> lent_{false};
    std::atomic<bool> kept_{false}; ///< at rest as an object of the primary interpreter
    std::atomic<bool> listed_{false}; ///< among the unread
    std::atomic<bool> reported_{false};
};

/// One count of a cown.
class CownPtr {
public:
    CownPtr() noexcept = default;
    CownPtr(CownPtr&& other) noexcept : cown_{other.release()} {}
    CownPtr& operator=(CownPtr&& other) noexcept {
        const CownPtr old{std::exchange(cown_, other.release())};
        return *this;
    }
    CownPtr(const CownPtr&) = delete;
    CownPtr& operator=(const CownPtr&) = delete;
    ~CownPtr() {
        if (cown_ != nullptr) {
            cown_->drop();
        }
    }

    [[nodiscard]] static CownPtr adopt(Cown* counted) noexcept {
        return CownPtr{counted};
    }
    [[nodiscard]] static CownPtr share(Cown* lent) noexcept {
        lent->retain();
        return CownPtr{lent};
    }
    [[nodiscard]] Cown* get() const noexcept { return cown_; }
    Cown* operator->() const noexcept { return cown_; }
    [[nodiscard]] Cown* release() noexcept { return std::exchange(cown_, nullptr); }
    explicit operator bool() const noexcept { return cown_ != nullptr; }

private:
    explicit CownPtr(Cown* counted) noexcept : cown_{counted} {}
    Cown* cown_ = nullptr;
};

} // namespace boc
