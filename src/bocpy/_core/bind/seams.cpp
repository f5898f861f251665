#include "bind/seams.h"

#include "immortal.h"

#include <mutex>
#include <vector>

namespace boc::bind {

namespace {

/// The seams of every module; guarded by `mutex`.
struct Watched {
    std::mutex mutex;
    std::vector<std::pair<PyObject*, Seams*>> by_names;
};

Watched& watched() noexcept {
    static Immortal<Watched> all;
    return *all;
}

} // namespace

Seams::Seams(PyObject* module) : names_{PyModule_GetDict(module)} {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        originals_[i] = py::Ref::share(py::item(names_, kNames[i]));
    }
    {
        const std::scoped_lock lock{watched().mutex};
        watched().by_names.emplace_back(names_, this);
    }
#if BOC_HAS_DICT_WATCH
    watcher_ = PyDict_AddWatcher(changed);
    if (watcher_ < 0 || PyDict_Watch(watcher_, names_) < 0) {
        forget();
        throw py::ErrorSet{};
    }
#endif
}

Seams::~Seams() {
    forget();
}

void Seams::forget() noexcept {
#if BOC_HAS_DICT_WATCH
    if (watcher_ >= 0) {
        PyDict_ClearWatcher(watcher_);
    }
#endif
    const std::scoped_lock lock{watched().mutex};
    std::erase_if(watched().by_names,
                  [this](const auto& entry) { return entry.second == this; });
}

int Seams::traverse(visitproc visit, void* arg) const {
    for (const py::Ref& original : originals_) {
        Py_VISIT(original.get());
    }
    return 0;
}

unsigned Seams::look() const noexcept {
    unsigned bits = 0;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (PyDict_GetItemString(names_, kNames[i]) != originals_[i].get()) {
            bits |= 1U << i;
        }
    }
    return bits;
}

#if BOC_HAS_DICT_WATCH

Seams* Seams::find(PyObject* names) noexcept {
    const std::scoped_lock lock{watched().mutex};
    for (const auto& [known, seams] : watched().by_names) {
        if (known == names) {
            return seams;
        }
    }
    return nullptr;
}

int Seams::changed(PyDict_WatchEvent, PyObject* names, PyObject* key, PyObject* value) {
    Seams* const seams = key != nullptr && PyUnicode_Check(key) ? find(names) : nullptr;
    for (std::size_t i = 0; seams != nullptr && i < kNames.size(); ++i) {
        if (PyUnicode_CompareWithASCIIString(key, kNames[i]) == 0) {
            const unsigned bit = 1U << i;
            if (value == seams->originals_[i].get()) {
                seams->replaced_.fetch_and(~bit, std::memory_order_relaxed);
            } else {
                seams->replaced_.fetch_or(bit, std::memory_order_relaxed);
            }
        }
    }
    return 0;
}

#endif

} // namespace boc::bind
