#pragma once

#include "barriers.h"
#include "census.h"
#include "compat.h"
#include "parcel.h"
#include "parking.h"
#include "pins.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boc {

/// The name of a notice: up to 63 bytes of UTF-8.
class NoticeKey {
public:
    static constexpr std::size_t kLongest = 63;

    /// Requires at most kLongest bytes.
    explicit NoticeKey(std::string_view text) noexcept
        : size_{static_cast<std::uint8_t>(text.size())} {
        text.copy(bytes_.data(), text.size());
    }
    [[nodiscard]] std::string_view text() const noexcept {
        return {bytes_.data(), size_};
    }
    bool operator==(const NoticeKey& other) const noexcept {
        return text() == other.text();
    }

private:
    std::uint8_t size_;
    std::array<char, kLongest> bytes_;
};

/// One value that was put on the board. It never changes once it is shared.
class Notice : InCensus<Counted::kNotice> {
public:
    Notice(Parcel value, Pins pins) noexcept
        : value_{std::move(value)}, pins_{std::move(pins)} {}

    [[nodiscard]] const Parcel& value() const noexcept { return value_; }

private:
    friend class NoticePtr;
    friend class Noticeboard;

    std::atomic<std::int32_t> refs_{1};
    Parcel value_;
    Pins pins_;
};

/// One count of a notice; the last is given up attached to an interpreter.
class NoticePtr {
public:
    NoticePtr() noexcept = default;
    explicit NoticePtr(Notice* fresh) noexcept : notice_{fresh} {}
    NoticePtr(NoticePtr&& other) noexcept
        : notice_{std::exchange(other.notice_, nullptr)} {}
    NoticePtr& operator=(NoticePtr&& other) noexcept {
        const NoticePtr old{
            std::exchange(notice_, std::exchange(other.notice_, nullptr))};
        return *this;
    }
    NoticePtr(const NoticePtr&) = delete;
    NoticePtr& operator=(const NoticePtr&) = delete;
    ~NoticePtr() {
        if (notice_ != nullptr &&
            notice_->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete notice_;
        }
    }

    [[nodiscard]] NoticePtr share() const noexcept {
        if (notice_ != nullptr) {
            notice_->refs_.fetch_add(1, std::memory_order_relaxed);
        }
        return NoticePtr{notice_};
    }
    [[nodiscard]] Notice* get() const noexcept { return notice_; }
    [[nodiscard]] Notice* release() noexcept { return std::exchange(notice_, nullptr); }
    [[nodiscard]] bool sole() const noexcept {
        return notice_->refs_.load(std::memory_order_acquire) == 1;
    }
    Notice* operator->() const noexcept { return notice_; }
    explicit operator bool() const noexcept { return notice_ != nullptr; }

private:
    Notice* notice_ = nullptr;
};

/// What waits for the thread of the board.
struct Mutation {
    enum class Kind : std::uint8_t { kWrite, kDelete, kUpdate, kSync };

    Kind kind;
    NoticeKey key;
    Parcel value; ///< to write; or a tuple of the function and the default
    std::int64_t barrier = 0;
};

/// What the thread of the board is applying, for reports.
struct Applying {
    NoticeKey key;
    std::string by;      ///< the function of an update; empty until it is loaded
    std::uint64_t since; ///< on the coarse clock
    std::size_t waiting; ///< changes behind it
    compat::ThreadId thread;
};

/// The notices of the process, and what is asked of them.
///
/// Updates run user code, so one thread of the primary applies them, in the order in
/// which they were posted. A write or a deletion is applied by its caller if nothing
/// waits for that thread, and lines up otherwise.
///
///   version_   written under mutex_   N1: moves on (release) with each change; a
///                                         reader whose snapshot has the version has
///                                         the board
///   entries_, waiting_, busy_         N2: under mutex_; values are packed, loaded and
///                                         dropped outside
///   thread_    written under mutex_   N3: who may mutate directly; 0 for everyone
class Noticeboard {
public:
    static constexpr std::size_t kCapacity = 64;

    struct Entry {
        NoticeKey key;
        NoticePtr notice;
    };

    /// The one of the process.
    [[nodiscard]] static Noticeboard& instance();

    /// The calling thread's next read looks at the board anew.
    static void rearm() noexcept { ++armed_; }
    [[nodiscard]] static std::uint64_t armed() noexcept { return armed_; }

    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire); // N1
    }
    /// Adds all entries to `out`; the version they belong to.
    std::uint64_t copy(std::vector<Entry>& out) const;
    [[nodiscard]] NoticePtr find(const NoticeKey& key);

    /// Changes the board now. False if that would be the 65th key.
    [[nodiscard]] bool write(const NoticeKey& key, Parcel value, Pins pins = {});
    void erase(const NoticeKey& key);
    void clear();

    /// Changes the board in turn.
    void post_write(const NoticeKey& key, Parcel value);
    void post_erase(const NoticeKey& key);
    /// False if no thread will get to it.
    [[nodiscard]] bool post_update(const NoticeKey& key, Parcel function_and_default);
    /// A barrier behind everything that waits; one already passed if nothing does.
    [[nodiscard]] std::int64_t post_sync();

    /// Those of the syncs.
    [[nodiscard]] Barriers& barriers() noexcept { return barriers_; }

    /// Makes the calling thread the one of the board; false if there is one.
    [[nodiscard]] bool claim();
    /// Ends that; what still waits is dropped.
    void disclaim();
    /// In the child of a fork, where that thread is not: empties the board. False, and
    /// nothing done, if a thread was at it.
    [[nodiscard]] bool forget();
    [[nodiscard]] bool claimed() const noexcept {
        return thread_.load(std::memory_order_acquire) != 0; // N3
    }
    [[nodiscard]] bool on_thread() const noexcept {
        return thread_.load(std::memory_order_acquire) == here(); // N3
    }

    /// Thread of the board: the one it took last is applied; sleeps for the next.
    /// Nothing once it is asked to stop and nothing waits.
    [[nodiscard]] std::optional<Mutation> wait_next();
    /// Thread of the board: what it applies calls this function.
    void describe(std::string function);
    /// Calls `see` if a change is being applied, which is not over meanwhile.
    void visit_applying(const std::function<void(const Applying&)>& see) const;
    /// Asks the thread to end. From now on updates are refused, and nothing lines up.
    void stop();

private:
    using Entries = std::vector<Entry>;

    [[nodiscard]] Entries::iterator locate(const NoticeKey& key) noexcept;
    [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && !busy_; }
    /// Stores `value`, and leaves in its place what must be dropped outside the mutex.
    [[nodiscard]] bool store(const NoticeKey& key, Parcel& value, Pins& pins,
                             NoticePtr& shared);
    [[nodiscard]] NoticePtr take(const NoticeKey& key) noexcept;
    [[nodiscard]] Mutation begin_first();
    /// A number that no other living thread has.
    [[nodiscard]] static std::uintptr_t here() noexcept {
        return reinterpret_cast<std::uintptr_t>(&armed_);
    }
    void bump() noexcept { version_.fetch_add(1, std::memory_order_release); } // N1

    static inline BOC_THREAD_LOCAL std::uint64_t armed_ = 1;

    mutable std::mutex mutex_;
    std::atomic<std::uint64_t> version_{0};
    Entries entries_;
    std::deque<Mutation> waiting_;
    std::optional<Applying> applying_; ///< nothing unless busy_
    bool busy_ = false;
    bool stopping_ = true;
    std::atomic<std::uintptr_t> thread_{0};
    Parker work_;
    Barriers barriers_;
};

} // namespace boc
