#include "census.h"

#include <new>

namespace boc {

/// Lets the calling thread use a sheet until it ends.
struct SheetUse {
    SheetUse() = default;
    SheetUse(const SheetUse&) = delete;
    SheetUse& operator=(const SheetUse&) = delete;
    ~SheetUse();
};

namespace {

BOC_THREAD_LOCAL bool t_ended = false;

/// Makes sure that the sheet is left; false if it is too late for that.
bool begin_use() noexcept {
    if (!t_ended) {
        static thread_local const SheetUse use;
        static_cast<void>(use);
    }
    return !t_ended;
}

} // namespace

SheetUse::~SheetUse() {
    t_ended = true;
    Census::leave_sheet();
}

Census::Sheet* Census::take_sheet() noexcept {
    Sheet* sheet = sheets_.load(std::memory_order_acquire); // G2
    for (; sheet != nullptr; sheet = sheet->next) {
        bool taken = false;
        if (sheet->taken.compare_exchange_strong(taken, true, std::memory_order_acquire,
                                                 std::memory_order_relaxed)) {
            return sheet; // G2
        }
    }
    sheet = new (std::nothrow) Sheet;
    if (sheet != nullptr) {
        sheet->next = sheets_.load(std::memory_order_relaxed);
        while (!sheets_.compare_exchange_weak(sheet->next, sheet,
                                              std::memory_order_release,
                                              std::memory_order_relaxed)) { // G2
        }
    }
    return sheet;
}

void Census::leave_sheet() noexcept {
    if (Sheet* const mine = mine_) {
        mine_ = nullptr;
        mine->taken.store(false, std::memory_order_release); // G2
    }
}

void Census::add_slowly(Counted kind, std::int64_t change) noexcept {
    if (begin_use()) {
        mine_ = take_sheet();
    }
    if (mine_ != nullptr) {
        add(kind, change);
    } else {
        common_.counts[static_cast<std::size_t>(kind)].fetch_add(
            change, std::memory_order_relaxed); // G3
    }
}

std::int64_t Census::total(Counted kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    std::int64_t sum = common_.counts[index].load(std::memory_order_relaxed);
    const Sheet* sheet = sheets_.load(std::memory_order_acquire); // G2
    for (; sheet != nullptr; sheet = sheet->next) {
        sum += sheet->counts[index].load(std::memory_order_relaxed);
    }
    return sum;
}

} // namespace boc
