#include "residents.h"

#include "cown.h"

namespace boc {

bool Residents::add(Cown& cown) noexcept {
    const std::scoped_lock lock{mutex_};
    try {
        cowns_.push_back(&cown);
    } catch (const std::bad_alloc&) {
        return false;
    }
    cown.place_ = static_cast<std::uint32_t>(cowns_.size() - 1);
    return true;
}

void Residents::remove(Cown& cown) noexcept {
    {
        const std::scoped_lock lock{mutex_};
        Cown* const last = cowns_.back();
        cowns_[cown.place_] = last;
        last->place_ = cown.place_;
        cowns_.pop_back();
        cown.place_ = Cown::kNowhere;
        ++changes_;
    }
    changed_.notify_all();
}

void Residents::stir() noexcept {
    {
        const std::scoped_lock lock{mutex_};
        ++changes_;
    }
    changed_.notify_all();
}

Cown* Residents::newest(std::uint64_t& seen) noexcept {
    const std::scoped_lock lock{mutex_};
    seen = changes_;
    return !cowns_.empty() && cowns_.back()->try_retain() ? cowns_.back() : nullptr;
}

void Residents::await_change(std::uint64_t seen) {
    const py::Detached detached;
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return changes_ != seen || cowns_.empty(); });
}

void Residents::pack_all() {
    const auto empty = [this] {
        const std::scoped_lock lock{mutex_};
        return cowns_.empty();
    };
    while (!empty()) {
        std::uint64_t seen = 0;
        const CownPtr cown = CownPtr::adopt(newest(seen));
        if (!cown || !cown->pack_resident()) {
            await_change(seen);
        }
    }
}

} // namespace boc
