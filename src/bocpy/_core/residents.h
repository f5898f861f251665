#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace boc {

class Cown;

/// The cowns whose values stay in one interpreter while nobody owns them.
///
///   RE1: a cown is listed from before it is given up until its value has left, so
///       whoever visits the interpreter for a value finds it alive
///   RE2: a worker's interpreter ends only after pack_all()
///   RE3: whoever makes the claim of a listed cown busy removes it, or stirs afterwards
class Residents {
public:
    Residents() = default;
    Residents(const Residents&) = delete;
    Residents& operator=(const Residents&) = delete;
    ~Residents() = default;

    /// False if there is no memory for it.
    [[nodiscard]] bool add(Cown& cown) noexcept;
    void remove(Cown& cown) noexcept;
    /// A cown that was busy is not any more.
    void stir() noexcept;
    /// Packs every value, and waits for those whom others are fetching. Attached to the
    /// interpreter, where no behavior runs any more.
    void pack_all();

private:
    /// A count of a listed cown, or null if the newest is dying; `seen` is what
    /// changes_ was.
    [[nodiscard]] Cown* newest(std::uint64_t& seen) noexcept;
    void await_change(std::uint64_t seen);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t changes_ = 0; ///< removals and stirs
    std::vector<Cown*> cowns_;
};

} // namespace boc
