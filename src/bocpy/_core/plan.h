#pragma once

#include "py/ref.h"

#include <cstdint>
#include <string>
#include <vector>

namespace boc {

/// How a body finds its values in a worker: what `bocpy._capture.describe` said of a
/// function, outside every interpreter. One per key, never freed.
class Plan {
public:
    enum Flag : std::uint8_t { kHandle = 1, kOptional = 2, kPublish = 4, kMaybe = 8 };

    struct Global {
        std::string name;
        std::uint8_t flags;
    };

    /// The plan of a description of what `code` is the body of; the first with its key
    /// is kept.
    [[nodiscard]] static const Plan* intern(PyObject* description, PyCodeObject* code);
    /// The plan of a key, or null.
    [[nodiscard]] static const Plan* find(const std::string& key) noexcept;

    /// Captured values besides positional defaults.
    [[nodiscard]] std::size_t implicit() const noexcept {
        return kwonly.size() + free.size() + globals.size();
    }

    /// Name of the parameter that takes the positional argument at `place`.
    [[nodiscard]] std::string parameter(std::size_t place) const;

    /// Name, file and line, for readers.
    [[nodiscard]] std::string label() const;

    std::size_t id = 0; ///< counts up from 0
    std::string key;
    std::string name; ///< of the first function with this key
    std::string file;
    int line = 0;
    std::string module;
    Py_ssize_t positional = 0;
    bool varargs = false;
    std::vector<std::string> parameters; ///< the positional ones first
    std::vector<std::string> kwonly;
    std::vector<std::string> free;
    std::vector<Global> globals;
    std::vector<std::string> stores;
    std::string blob;

private:
    Plan() = default;
    [[nodiscard]] static Plan* read(PyObject* description);
};

} // namespace boc
