#include "pins.h"

#include "compat.h"
#include "immortal.h"

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

using PinsByAddress = std::unordered_multimap<const void*, CownPtr>;

/// Cowns whose addresses Python code has as numbers.
struct Deposited {
    std::mutex mutex;
    PinsByAddress pins;
};

Deposited& deposited() noexcept {
    static Immortal<Deposited> all;
    return *all;
}

Exported& exported() noexcept {
    static Immortal<Exported> all;
    return *all;
}

} // namespace

PinCollector::PinCollector() noexcept : outer_{t_collector} {
    t_collector = this;
}

PinCollector::~PinCollector() {
    t_collector = outer_;
}

bool PinCollector::lives() noexcept {
    return t_collector != nullptr;
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
    PinsByAddress fresh; // what may fail comes first
    for (CownPtr& pin : pins) {
        const void* const address = pin.get();
        fresh.emplace(address, std::move(pin));
    }
    const std::scoped_lock lock{all.mutex};
    all.pins.reserve(all.pins.size() + fresh.size());
    all.pins.merge(fresh);
}

std::optional<Pins> redeem(std::span<const void* const> addresses) {
    Deposited& all = deposited();
    Pins pins;
    std::vector<PinsByAddress::node_type> found;
    pins.reserve(addresses.size());
    found.reserve(addresses.size());
    const std::scoped_lock lock{all.mutex};
    for (const void* const address : addresses) {
        found.push_back(all.pins.extract(address));
        if (found.back().empty()) {
            found.pop_back();
            for (auto& node : found) {
                all.pins.insert(std::move(node));
            }
            return std::nullopt;
        }
    }
    for (auto& node : found) {
        pins.push_back(std::move(node.mapped()));
    }
    return pins;
}

} // namespace boc
