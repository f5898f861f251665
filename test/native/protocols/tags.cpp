// Names of queues: a look without a lock finds what is bound, of one era only.

#include "tags.h"

#include "explore.h"

#include <array>
#include <optional>
#include <string_view>

using namespace boc;

namespace {

constexpr std::string_view kLong = "a name of more than one word";

/// Two bind the same name while a third looks for it.
struct Bind {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        const TagName name{kLong};
        if (index == 2) {
            const std::optional<Binding> found = table.find(name);
            CHECK(!found || found->queue == 1);
        } else {
            CHECK(table.bind(name)->queue == 1);
            CHECK(table.find(name)->queue == 1);
        }
    }
    void after() { CHECK(table.find(TagName{kLong})->queue == 1); }

    TagTable table;
    std::optional<Binding> first = table.bind(TagName{"first"});
};

/// Two names change places: whoever looks sees one era or the other.
struct Swap {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            const std::string_view names[] = {kLong, "first"};
            table.rebind(names);
            return;
        }
        const TagName name{index == 1 ? kLong : "first"};
        for (int tries = 0; tries < 2; ++tries) {
            if (const std::optional<Binding> found = table.find(name)) {
                const bool swapped = found->era != before.era;
                CHECK(found->queue == (swapped ? index - 1 : 2 - index));
            }
        }
    }
    void after() { CHECK(table.find(TagName{kLong})->queue == 0); }

    TagTable table;
    Binding before = *table.bind(TagName{"first"});
    Binding second = *table.bind(TagName{kLong});
};

} // namespace

int main() {
    return test::explore({test::scenario<Bind>("bind"), test::scenario<Swap>("swap")});
}
