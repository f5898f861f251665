#pragma once

#include "cown.h"

#include <optional>
#include <span>
#include <vector>

namespace boc {

/// Cowns whose addresses stand in pickled bytes.
using Pins = std::vector<CownPtr>;

/// While one lives, cowns that are pickled by the calling thread are added to its pins.
class PinCollector {
public:
    PinCollector() noexcept;
    ~PinCollector();
    PinCollector(const PinCollector&) = delete;
    PinCollector& operator=(const PinCollector&) = delete;
    [[nodiscard]] Pins take() noexcept { return std::move(pins_); }
    /// Whether one lives in the calling thread.
    [[nodiscard]] static bool lives() noexcept;

private:
    friend void note_pickled(Cown* cown);
    Pins pins_;
    PinCollector* outer_;
};

/// While one lives, the calling thread may load the cowns of `pins` by address.
class PinSource {
public:
    explicit PinSource(const Pins& pins) noexcept;
    ~PinSource();
    PinSource(const PinSource&) = delete;
    PinSource& operator=(const PinSource&) = delete;

private:
    friend CownPtr find_pickled(const void* address) noexcept;
    const Pins& pins_;
    const PinSource* outer_;
};

/// A cown is being pickled: pins it in the thread's collector. Bytes that a user makes
/// pin nothing, but the cown can be found by its address as long as it lives.
void note_pickled(Cown* cown);
/// The cown that was pickled under this address, if it still lives.
[[nodiscard]] CownPtr find_pickled(const void* address) noexcept;
/// Keeps cowns alive until their addresses are redeemed.
void deposit(Pins pins);
/// The cowns of `addresses`; nothing unless each was deposited as often as it is there.
[[nodiscard]] std::optional<Pins> redeem(std::span<const void* const> addresses);
/// A cown that was pickled by a user dies.
void forget_pickled(const Cown* cown) noexcept;

} // namespace boc
