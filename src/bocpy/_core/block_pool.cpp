#include "block_pool.h"

#include "fault.h"
#include "per_thread.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace boc {

namespace {

constexpr std::size_t kGrain = 64;
constexpr std::size_t kSizes = BlockPool::kLargest / kGrain;
constexpr unsigned kBatch = 32;
constexpr unsigned kMostBatches = 64; // of one size, in the depot

/// Whether freed blocks are used again: a sanitizer must see who touches them.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

/// A block that nobody uses. The first one of a batch also links to the next batch.
struct Free {
    Free* next;
    Free* next_batch;
};

void free_all(Free* first) noexcept {
    while (first != nullptr) {
        ::operator delete(static_cast<void*>(std::exchange(first, first->next)));
    }
}

/// Full batches that no thread has; guarded by `mutex`.
struct Depot {
    struct Shelf {
        Free* first;
        unsigned batches;
    };

    /// Keeps a batch unless the shelf is full or somebody else is here.
    [[nodiscard]] bool keep(std::size_t index, Free* batch) noexcept {
        const std::unique_lock lock{mutex, std::try_to_lock};
        Shelf& shelf = shelves[index];
        if (!lock.owns_lock() || shelf.batches == kMostBatches) {
            return false;
        }
        batch->next_batch = std::exchange(shelf.first, batch);
        ++shelf.batches;
        return true;
    }

    /// A batch, or null if there is none or somebody else is here.
    [[nodiscard]] Free* fetch(std::size_t index) noexcept {
        const std::unique_lock lock{mutex, std::try_to_lock};
        if (!lock.owns_lock() || shelves[index].first == nullptr) {
            return nullptr;
        }
        Shelf& shelf = shelves[index];
        --shelf.batches;
        return std::exchange(shelf.first, shelf.first->next_batch);
    }

    std::mutex mutex;
    std::array<Shelf, kSizes> shelves;
};

constinit Depot g_depot{};

/// What one thread keeps of one size: a batch in the making and a full one.
struct Stock {
    Free* loose;
    Free* full;
    unsigned count; ///< of loose
};

/// What one thread keeps; goes to others when it ends.
struct Stocks {
    Stocks() = default;
    Stocks(const Stocks&) = delete;
    Stocks& operator=(const Stocks&) = delete;
    ~Stocks() {
        for (std::size_t index = 0; index < kSizes; ++index) {
            const Stock& stock = of[index];
            free_all(stock.loose);
            if (stock.full != nullptr && !g_depot.keep(index, stock.full)) {
                free_all(stock.full);
            }
        }
    }

    std::array<Stock, kSizes> of{};
};

void* restock(Stock& stock, std::size_t index) {
    Free* batch = std::exchange(stock.full, nullptr);
    if (batch == nullptr) {
        batch = g_depot.fetch(index);
    }
    if (batch == nullptr) {
        return ::operator new((index + 1) * kGrain);
    }
    stock.loose = batch->next;
    stock.count = kBatch - 1;
    return batch;
}

/// Starts a new batch; the older of two full ones goes.
void make_room(Stock& stock, std::size_t index) noexcept {
    Free* const older = std::exchange(stock.full, std::exchange(stock.loose, nullptr));
    stock.count = 0;
    if (older != nullptr && !g_depot.keep(index, older)) {
        free_all(older);
    }
}

} // namespace

void* BlockPool::take(std::size_t size) {
    if (fault::strikes(fault::Point::kMemory)) {
        throw std::bad_alloc{};
    }
    if (!kPooled || size > kLargest || size == 0) {
        return ::operator new(size);
    }
    Stocks* const mine = PerThread<Stocks>::mine();
    if (mine == nullptr) {
        return ::operator new(size);
    }
    const std::size_t index = (size - 1) / kGrain;
    Stock& stock = mine->of[index];
    if (stock.loose == nullptr) {
        return restock(stock, index);
    }
    --stock.count;
    return std::exchange(stock.loose, stock.loose->next);
}

void BlockPool::give(void* block, std::size_t size) noexcept {
    Stocks* const mine =
        kPooled && size <= kLargest && size != 0 ? PerThread<Stocks>::mine() : nullptr;
    if (mine == nullptr) {
        ::operator delete(block);
        return;
    }
    const std::size_t index = (size - 1) / kGrain;
    Stock& stock = mine->of[index];
    if (stock.count == kBatch) {
        make_room(stock, index);
    }
    stock.loose = new (block) Free{stock.loose, nullptr};
    ++stock.count;
}

} // namespace boc
