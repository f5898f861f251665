#include "flat_dicts.h"

#include "constant.h"
#include "py/error.h"

namespace boc {

#if BOC_HAS_DICT_WATCH && !BOC_HAS_FREE_THREADS

namespace {

int on_change(PyDict_WatchEvent event, PyObject* dict, PyObject* key,
              PyObject* value) noexcept {
    Home& home = Home::current();
    const bool stores = event == PyDict_EVENT_ADDED || event == PyDict_EVENT_MODIFIED;
    if (stores && is_constant(home, key) && is_constant(home, value)) {
        return 0;
    }
    if (event != PyDict_EVENT_DELETED && event != PyDict_EVENT_CLEARED) {
        home.flat_dicts().remove(dict);
    }
    return 0;
}

} // namespace

void FlatDicts::add(PyObject* dict) noexcept {
    if (watcher_ == kNever || PyDict_GET_SIZE(dict) < kLarge) {
        return;
    }
    const py::ErrorPause pause;
    if (watcher_ == kNotYet) {
        watcher_ = PyDict_AddWatcher(on_change);
    }
    try {
        if (watcher_ < 0 || PyDict_Watch(watcher_, dict) < 0) {
            PyErr_Clear();
            watcher_ = kNever;
        } else {
            known_.insert(dict);
        }
    } catch (const std::bad_alloc&) { // it will be searched again
        return;
    }
}

void FlatDicts::close() noexcept {
    if (watcher_ >= 0) {
        PyDict_ClearWatcher(watcher_);
    }
    forget();
}

#else

void FlatDicts::add(PyObject*) noexcept {}

void FlatDicts::close() noexcept {}

#endif

} // namespace boc
