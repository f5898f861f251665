// The tag table: bindings last for an era, and a reader never mixes two eras.

#include "tags.h"

#include <cassert>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using boc::Binding;
using boc::TagName;
using boc::TagTable;

std::string name_of(unsigned i) {
    return "tag number " + std::to_string(i);
}

void a_tag_is_bound_once_and_found_after() {
    TagTable table;
    const TagName name{"ping"};
    assert(!table.find(name));
    const auto bound = table.bind(name);
    assert(bound && bound->queue == 0);
    assert(table.bind(name)->queue == 0);
    assert(table.find(name)->queue == 0);
    assert(table.bind(TagName{"pong"})->queue == 1);
}

void names_of_every_length_stay_apart() {
    for (std::size_t length = 0; length < 200; ++length) {
        TagTable table;
        const std::string text(length, 'x');
        const std::string longer = text + '\0';
        assert(table.bind(TagName{text})->queue == 0);
        assert(!table.find(TagName{longer}));
        assert(table.bind(TagName{longer})->queue == 1);
        assert(table.bind(TagName{text})->queue == 0);
    }
}

void the_seventeenth_tag_finds_no_queue() {
    TagTable table;
    for (unsigned i = 0; i < boc::kTags; ++i) {
        assert(table.bind(TagName{name_of(i)}));
    }
    assert(!table.bind(TagName{"one more"}));
    assert(table.bind(TagName{name_of(3)})->queue == 3);
}

void a_new_era_unbinds_all() {
    TagTable table;
    const auto before = table.bind(TagName{"a"});
    const std::string_view names[] = {"b", "a"};
    const std::uint32_t era = table.rebind(names);
    assert(era == before->era + boc::kEraStep && era == table.era());
    assert(table.find(TagName{"a"})->queue == 1);
    table.rebind({});
    assert(!table.find(TagName{"a"}));
    std::string left[boc::kTags];
    assert(table.names(left) == 0);
}

/// Even eras bind "even" and long names to queue 0, odd ones to queue 1.
void readers_see_one_era_while_it_changes() {
    TagTable table;
    const std::string filler(40, 'f');
    const std::string wanted = filler + "wanted";
    std::atomic<bool> stop{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            const TagName name{wanted};
            while (!stop.load(std::memory_order_relaxed)) {
                if (const auto found = table.find(name)) {
                    assert(found->era / boc::kEraStep % 2 == found->queue);
                }
            }
        });
    }
    const std::string_view even[] = {wanted, filler};
    const std::string_view odd[] = {filler, wanted};
    for (int i = 0; i < 20000; ++i) {
        table.rebind(i % 2 == 0 ? odd : even);
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& reader : readers) {
        reader.join();
    }
}

void threads_that_bind_at_once_agree() {
    for (int round = 0; round < 300; ++round) {
        TagTable table;
        std::array<std::array<std::uint32_t, boc::kTags>, 4> seen{};
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < seen.size(); ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t i = 0; i < boc::kTags; ++i) {
                    const std::size_t which = (i * 5 + t * 3) % boc::kTags;
                    const std::string text = name_of(static_cast<unsigned>(which));
                    seen[t][which] = table.bind(TagName{text})->queue;
                    assert(table.find(TagName{text})->queue == seen[t][which]);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        assert(seen[0] == seen[1] && seen[0] == seen[2] && seen[0] == seen[3]);
    }
}

} // namespace

int main() {
    a_tag_is_bound_once_and_found_after();
    names_of_every_length_stay_apart();
    the_seventeenth_tag_finds_no_queue();
    a_new_era_unbinds_all();
    readers_see_one_era_while_it_changes();
    threads_that_bind_at_once_agree();
    std::puts("tags: ok");
}
