#include "noticeboard.h"

#include "immortal.h"

#include <algorithm>

namespace boc {

Noticeboard& Noticeboard::instance() {
    static Immortal<Noticeboard> board;
    return *board;
}

Noticeboard::Entries::iterator Noticeboard::locate(const NoticeKey& key) noexcept {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&key](const Entry& entry) { return entry.key == key; });
}

std::uint64_t Noticeboard::copy(std::vector<Entry>& out) const {
    const std::scoped_lock lock{mutex_};
    out.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        out.push_back({entry.key, entry.notice.share()});
    }
    return version_.load(std::memory_order_relaxed);
}

NoticePtr Noticeboard::find(const NoticeKey& key) {
    const std::scoped_lock lock{mutex_};
    const auto found = locate(key);
    return found != entries_.end() ? found->notice.share() : NoticePtr{};
}

bool Noticeboard::store(const NoticeKey& key, Parcel& value, Pins& pins,
                        NoticePtr& shared) {
    const auto found = locate(key);
    if (found == entries_.end()) {
        if (entries_.size() == kCapacity) {
            return false;
        }
        entries_.reserve(kCapacity);
        entries_.push_back(
            {key, NoticePtr{new Notice{std::move(value), std::move(pins)}}});
    } else if (found->notice.sole()) {
        std::swap(found->notice->value_, value);
        std::swap(found->notice->pins_, pins);
    } else {
        NoticePtr fresh{new Notice{std::move(value), std::move(pins)}};
        shared = std::exchange(found->notice, std::move(fresh));
    }
    bump();
    return true;
}

NoticePtr Noticeboard::take(const NoticeKey& key) noexcept {
    const auto found = locate(key);
    if (found == entries_.end()) {
        return {};
    }
    NoticePtr taken = std::move(found->notice);
    entries_.erase(found);
    bump();
    return taken;
}

bool Noticeboard::write(const NoticeKey& key, Parcel value, Pins pins) {
    NoticePtr shared;
    const std::scoped_lock lock{mutex_};
    return store(key, value, pins, shared);
}

void Noticeboard::erase(const NoticeKey& key) {
    NoticePtr taken;
    const std::scoped_lock lock{mutex_};
    taken = take(key);
}

void Noticeboard::clear() {
    Entries taken;
    const std::scoped_lock lock{mutex_};
    taken.swap(entries_);
    bump();
}

void Noticeboard::post_write(const NoticeKey& key, Parcel value) {
    Pins none;
    NoticePtr shared;
    Mutation later{Mutation::Kind::kWrite, key, {}}; // N2
    {
        const std::scoped_lock lock{mutex_};
        if ((idle() || stopping_) && store(key, value, none, shared)) {
            return;
        }
        if (stopping_) {
            return;
        }
        later.value = std::move(value);
        waiting_.push_back(std::move(later));
    }
    work_.wake();
}

void Noticeboard::post_erase(const NoticeKey& key) {
    NoticePtr taken;
    {
        const std::scoped_lock lock{mutex_};
        if (idle() || stopping_) {
            taken = take(key);
            return;
        }
        waiting_.push_back({Mutation::Kind::kDelete, key, {}});
    }
    work_.wake();
}

bool Noticeboard::post_update(const NoticeKey& key, Parcel function_and_default) {
    Mutation later{Mutation::Kind::kUpdate, key, std::move(function_and_default)}; // N2
    {
        const std::scoped_lock lock{mutex_};
        if (stopping_) {
            return false;
        }
        waiting_.push_back(std::move(later));
    }
    work_.wake();
    return true;
}

std::int64_t Noticeboard::post_sync() {
    std::int64_t barrier = 0;
    {
        const std::scoped_lock lock{mutex_};
        if (idle()) {
            return 0;
        }
        barrier = barriers_.next();
        waiting_.push_back({Mutation::Kind::kSync, NoticeKey{{}}, {}, barrier});
    }
    work_.wake();
    return barrier;
}

bool Noticeboard::claim() {
    const std::scoped_lock lock{mutex_};
    if (claimed()) {
        return false;
    }
    thread_.store(here(), std::memory_order_release); // N3
    stopping_ = false;
    return true;
}

void Noticeboard::disclaim() {
    std::deque<Mutation> dropped;
    {
        const std::scoped_lock lock{mutex_};
        thread_.store(0, std::memory_order_release); // N3
        stopping_ = true;
        busy_ = false;
        applying_.reset();
        dropped.swap(waiting_);
    }
    for (const Mutation& mutation : dropped) {
        barriers_.complete(mutation.barrier);
    }
}

bool Noticeboard::forget() {
    if (!mutex_.try_lock()) {
        return false;
    }
    mutex_.unlock();
    work_.reset();
    disclaim();
    clear();
    return true;
}

std::optional<Mutation> Noticeboard::wait_next() {
    std::unique_lock lock{mutex_};
    busy_ = false;
    applying_.reset();
    while (waiting_.empty()) {
        if (stopping_) {
            return std::nullopt;
        }
        lock.unlock();
        work_.park();
        lock.lock();
    }
    return begin_first();
}

/// Takes the oldest mutation, and notes that it is being made.
Mutation Noticeboard::begin_first() {
    Mutation next = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = next.kind != Mutation::Kind::kSync;
    if (busy_) {
        applying_ = {next.key, {}, compat::coarse_ns(), 0, compat::this_thread()};
    }
    return next;
}

void Noticeboard::describe(std::string function) {
    const std::scoped_lock lock{mutex_};
    if (applying_) {
        applying_->by = std::move(function);
    }
}

void Noticeboard::visit_applying(
    const std::function<void(const Applying&)>& see) const {
    const std::scoped_lock lock{mutex_};
    if (applying_) {
        Applying now = *applying_;
        now.waiting = waiting_.size();
        see(now);
    }
}

void Noticeboard::stop() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    work_.wake();
}

} // namespace boc
