#pragma once

#include "noticeboard.h"

#include <cstdint>
#include <vector>

namespace boc {

/// What one thread of an interpreter sees of the board: the same until it is re-armed.
///
///   V1: the value of a notice becomes an object when it is first read, and stays that
///       object for as long as the notice is on the board
///   V2: loading a value runs Python code, which may get back here; nothing of the view
///       is held across it
///   V3: a mapping that was handed out never changes
class NoticeView {
public:
    /// The one of the calling thread in the attached interpreter.
    [[nodiscard]] static NoticeView& current();
    /// Ends that of the calling thread, which will end with its interpreter: CPython
    /// frees none of the objects that a thread state holds that late.
    static void end_current() noexcept;

    NoticeView() = default;
    NoticeView(const NoticeView&) = delete;
    NoticeView& operator=(const NoticeView&) = delete;
    /// Attached to its interpreter, of which the core may be gone already.
    ~NoticeView();

    /// The value under `key`, or null; throws if it does not load in this interpreter.
    [[nodiscard]] py::Ref read(const NoticeKey& key);
    /// A read-only mapping of all that loads; of the rest, the log tells once.
    [[nodiscard]] py::Ref mapping();

private:
    struct Item {
        NoticeKey key;
        NoticePtr notice;
        py::Ref value;
        bool reported = false;
    };

    void refresh();
    void rebuild();
    [[nodiscard]] py::Ref load(std::size_t index);
    [[nodiscard]] bool add_to(PyObject* dict, std::size_t index);

    std::vector<Item> items_;
    py::Ref mapping_;
    std::uint64_t version_ = ~std::uint64_t{0};
    std::uint64_t armed_ = 0;
    std::uint64_t rebuilt_ = 0;
};

} // namespace boc
