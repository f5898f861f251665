#pragma once

#include "py/ref.h"

#include <array>
#include <cstddef>

namespace boc::py {

/// Memory of small freed objects that a worker thread keeps for the next ones it makes.
///
///   SP1: only a thread inside a Keeping keeps anything, and only of the types it was
///       told, which are those of one interpreter; all is given back when that ends
///   SP2: what new_object() made is freed by free_object() and nothing else, so every
///       block has room for the largest object
class Spares {
public:
    /// The largest object that can be made here.
    static constexpr std::size_t kSize = sizeof(PyObject) + 6 * sizeof(void*);

    /// A new object of `type`, uninitialised behind its head; throws if there is no
    /// memory.
    [[nodiscard]] static Ref new_object(PyTypeObject* type);
    /// The end of a tp_dealloc: frees the object, and lets go of its type.
    static void free_object(PyObject* object) noexcept;

    /// The types of which spares are kept.
    using Types = std::array<PyTypeObject*, 3>;

    /// While this exists the calling thread keeps spares of `types`, which are those of
    /// the attached interpreter. Not inside another one.
    class Keeping {
    public:
        explicit Keeping(const Types& types) noexcept;
        ~Keeping();
        Keeping(const Keeping&) = delete;
        Keeping& operator=(const Keeping&) = delete;

    private:
        friend class Spares;

        static constexpr unsigned kMost = 16;

        [[nodiscard]] bool takes(const PyTypeObject* type) const noexcept { // SP1
            return type == types_[0] || type == types_[1] || type == types_[2];
        }

        Types types_;
        unsigned count_ = 0;
        std::array<void*, kMost> blocks_{};
    };
};

} // namespace boc::py
