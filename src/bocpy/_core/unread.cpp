#include "unread.h"

#include "immortal.h"

#include <mutex>
#include <unordered_set>

namespace boc::unread {

namespace {

struct Listed {
    std::mutex mutex;
    std::unordered_set<Cown*> cowns;
};

Listed& listed() noexcept {
    static Immortal<Listed> all;
    return *all;
}

} // namespace

void add(Cown* cown) noexcept {
    const std::scoped_lock lock{listed().mutex};
    try {
        listed().cowns.insert(cown);
    } catch (const std::bad_alloc&) { // told when it dies
    }
}

void remove(Cown* cown) noexcept {
    const std::scoped_lock lock{listed().mutex};
    listed().cowns.erase(cown);
}

std::vector<CownPtr> all() {
    std::vector<CownPtr> found;
    const std::scoped_lock lock{listed().mutex};
    found.reserve(listed().cowns.size());
    for (Cown* const cown : listed().cowns) {
        if (cown->try_retain()) {
            found.push_back(CownPtr::adopt(cown));
        }
    }
    return found;
}

} // namespace boc::unread
