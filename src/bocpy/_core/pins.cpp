#include "pins.h"

#include "compat.h"

#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace boc {

namespace {

BOC_THREAD_LOCAL PinCollector* t_collector = nullptr;
BOC_THREAD_LOCAL const PinSource* t_source = nullptr;

/// Cowns that users pickled and that still live.
struct Exported {
    std::mutex mutex;
    std::unordered_set<const void*> cowns;
};

/// Cowns whose addresses Python code has as numbers.
struct Deposited {
    std::mutex mutex;
    std::unordered_multimap<const void*, CownPtr> pins;
};

Deposited& deposited() noexcept {
    static auto* const all = new Deposited; // outlives every thread
    return *all;
}

Exported& exported() noexcept {
    static auto* const all = new Exported; // outlives every thread
    return *all;
}

} // namespace

PinCollector::PinCollector() noexcept : outer_{t_collector} {
    t_collector = this;
}

PinCollector::~PinCollector() {
    t_collector = outer_;
}

PinSource::PinSource(const Pins& pins) noexcept : pins_{pins}, outer_{t_source} {
    t_source = this;
}

PinSource::~PinSource() {
    t_source = outer_;
}

void note_pickled(Cown* cown) {
    if (t_collector != nullptr) {
        t_collector->pins_.push_back(CownPtr::share(cown));
        return;
    }
    const std::scoped_lock lock{exported().mutex};
    exported().cowns.insert(cown);
    cown->mark_exported();
}

CownPtr find_pickled(const void* address) noexcept {
    for (const PinSource* source = t_source; source != nullptr;
         source = source->outer_) {
        for (const CownPtr& pin : source->pins_) {
            if (pin.get() == address) {
                return CownPtr::share(pin.get());
            }
        }
    }
    const std::scoped_lock lock{exported().mutex};
    if (exported().cowns.contains(address)) {
        auto* const cown = const_cast<Cown*>(static_cast<const Cown*>(address));
        if (cown->try_retain()) {
            return CownPtr::adopt(cown);
        }
    }
    return {};
}

void forget_pickled(const Cown* cown) noexcept {
    const std::scoped_lock lock{exported().mutex};
    exported().cowns.erase(cown);
}

void deposit(Pins pins) {
    Deposited& all = deposited();
    const std::scoped_lock lock{all.mutex};
    for (CownPtr& pin : pins) {
        const void* const address = pin.get();
        all.pins.emplace(address, std::move(pin));
    }
}

std::optional<Pins> redeem(std::span<const void* const> addresses) {
    Deposited& all = deposited();
    Pins pins;
    pins.reserve(addresses.size());
    const std::scoped_lock lock{all.mutex};
    for (const void* const address : addresses) {
        const auto found = all.pins.find(address);
        if (found == all.pins.end()) {
            for (CownPtr& pin : pins) {
                const void* const back = pin.get();
                all.pins.emplace(back, std::move(pin));
            }
            return std::nullopt;
        }
        pins.push_back(std::move(found->second));
        all.pins.erase(found);
    }
    return pins;
}

} // namespace boc
