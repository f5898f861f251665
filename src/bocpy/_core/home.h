#pragma once

#include "compat.h"
#include "flat_dicts.h"
#include "inbox.h"
#include "py/ref.h"
#include "residents.h"
#include "sched/claim.h"

#include <atomic>
#include <cstdint>

namespace boc {

/// Seats of worker threads count up from here, far above the ids of interpreters.
inline constexpr Owner kFirstSeat = 1'000'000'000;

class PlanCache;
class Pump;
class SiteCache;

/// One thing given back to an interpreter from elsewhere.
struct Return;

/// One interpreter as the core sees it: identity, cached callables, and the queue
/// through which its objects come home. Never freed, but used again for a later
/// interpreter; an interpreter's id is never used again.
///
///   epoch_      who closes one   H1: moves on (release) with each home that closes; a
///                                    thread trusts what it remembers of where it is
///                                    while the epoch (acquire) is the same
///   returns_    all              H2: what belongs to an interpreter that is gone is
///                                    leaked: freeing it elsewhere would be worse
///   for_main_   all              H3: of the primary, for its threads that are no
///                                    workers: what was pinned is not freed by others
class Home {
public:
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;

    /// The home of the attached interpreter, which has imported `bocpy._core`.
    [[nodiscard]] static Home& current() noexcept {
        const Here& here = here_;
        if (here.interpreter == PyThreadState_GetUnchecked()->interp &&
            here.epoch == epoch_.load(std::memory_order_acquire)) { // H1
            return *here.home;
        }
        return look_up();
    }
    /// The open home of an interpreter, or null.
    [[nodiscard]] static Home* find(std::int64_t id) noexcept;
    /// The id of the interpreter that is the primary, or was.
    [[nodiscard]] static std::int64_t primary_id() noexcept;
    /// Who the calling thread acts as.
    [[nodiscard]] static Owner owner() noexcept {
        return seat_ != 0 ? seat_ : current().id_;
    }
    /// The same for a thread that is attached to this home.
    [[nodiscard]] Owner actor() const noexcept { return seat_ != 0 ? seat_ : id_; }
    /// Makes the calling thread act as a worker of its own (`seat` > 0), or as its
    /// interpreter again (0).
    static void take_seat(Owner seat) noexcept { seat_ = seat; }
    [[nodiscard]] static bool seated() noexcept { return seat_ != 0; }
    /// Whether the calling thread is one of the primary interpreter, and no worker.
    [[nodiscard]] static bool on_main() noexcept {
        return current().primary() && !seated();
    }

    /// Enters the attached interpreter into the table of homes, for one module more.
    [[nodiscard]] static Home* open();
    /// One module less. With the last, the interpreter is about to end; nothing comes
    /// home after this.
    void close() noexcept;

    /// Hands one reference to the interpreter that owns `object`; any thread. H2
    static void give_back(std::int64_t id, PyObject* object) noexcept;
    /// Runs `free(what)` at the next safe point of an interpreter. H2
    static void give_back(std::int64_t id, void (*free)(void*), void* what) noexcept;
    /// Hands one reference to the threads of the primary that are no workers. H2 H3
    static void give_back_to_main(PyObject* object) noexcept;
    /// Frees what came home. Attached to this interpreter.
    void recycle() noexcept {
        if (!returns_.empty()) {
            recycle_all(returns_);
        }
    }
    /// The same, on main, with what came for it. H3
    void recycle_on_main() noexcept {
        recycle();
        recycle_all(for_main_);
    }

    [[nodiscard]] std::int64_t id() const noexcept { return id_; }
    /// Small number of the interpreter: 0 is the one that imported the core first.
    [[nodiscard]] int index() const noexcept { return index_; }
    [[nodiscard]] bool primary() const noexcept { return index_ == 0; }
    /// Null once it is closed.
    [[nodiscard]] PyInterpreterState* interpreter() const noexcept {
        return interpreter_;
    }

    /// A worker begins to run behaviors here, or ends: values may stay meanwhile.
    void host() noexcept { workers_.fetch_add(1, std::memory_order_relaxed); }
    void unhost() {
        if (workers_.fetch_sub(1, std::memory_order_relaxed) == 1 && !primary()) {
            residents_.pack_all(); // RE2
        }
    }
    /// In the child of a fork, where they are not.
    void forget_workers() noexcept { workers_.store(0, std::memory_order_relaxed); }
    [[nodiscard]] bool hosts() const noexcept {
        return workers_.load(std::memory_order_relaxed) > 0;
    }
    /// The values that stay here; none are listed of the primary, which outlives all.
    [[nodiscard]] Residents& residents() noexcept { return residents_; }
    /// Only while attached to this interpreter.
    [[nodiscard]] FlatDicts& flat_dicts() noexcept { return flat_dicts_; }

    PyTypeObject* capsule_type = nullptr;   ///< borrowed from the module
    PyTypeObject* cown_type = nullptr;      ///< borrowed from the module
    PyTypeObject* decorator_type = nullptr; ///< borrowed from the module
    PlanCache* plans = nullptr;             ///< borrowed from the module
    SiteCache* sites = nullptr;             ///< borrowed from the module
    Pump* pump = nullptr;                   ///< of the primary, never freed

    /// `pickle.dumps` and `pickle.loads`, imported at first use; lent.
    [[nodiscard]] PyObject* dumps() { return cached(dumps_, "_pickle", "dumps"); }
    [[nodiscard]] PyObject* loads() { return cached(loads_, "_pickle", "loads"); }
    /// `copyreg.dispatch_table`; lent.
    [[nodiscard]] PyObject* reducers() {
        return cached(reducers_, "copyreg", "dispatch_table");
    }

private:
    /// What a thread remembers of where it last was.
    struct Here {
        PyInterpreterState* interpreter;
        Home* home;
        std::uint64_t epoch;
    };

    explicit Home(int index) noexcept : index_{index} {}
    ~Home() = default;
    static PyObject* cached(std::atomic<PyObject*>& slot, const char* module,
                            const char* name);
    static Home& look_up() noexcept;
    [[nodiscard]] static Home* find_locked(std::int64_t id) noexcept;
    /// Its interpreter ended without closing it, and its address is in use again.
    void abandon() noexcept; // H2
    void recycle_all(Inbox<Return>& returns) noexcept;

    static inline BOC_THREAD_LOCAL Here here_{};
    static inline BOC_THREAD_LOCAL Owner seat_ = 0;
    static inline std::atomic<std::uint64_t> epoch_{1};

    Inbox<Return> returns_;
    Inbox<Return> for_main_;
    std::atomic<PyObject*> dumps_{nullptr};
    std::atomic<PyObject*> loads_{nullptr};
    std::atomic<PyObject*> reducers_{nullptr};
    Residents residents_;
    FlatDicts flat_dicts_;
    std::atomic<int> workers_{0};
    std::int64_t id_ = -1;
    int index_;
    int modules_ = 0; ///< loaded and not freed; guarded by the table's mutex
    PyInterpreterState* interpreter_ = nullptr; ///< null while closed
};

} // namespace boc
