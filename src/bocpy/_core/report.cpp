#include "report.h"

#include "behavior.h"
#include "look.h"
#include "noticeboard.h"
#include "plan.h"
#include "post.h"
#include "probe.h"
#include "sched/pump_queue.h"
#include "site.h"
#include "terminator.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

namespace boc {

namespace {

constexpr std::size_t kNamed = 3;        ///< of those that wait for one cown
constexpr std::size_t kCounted = 10'000; ///< of those

/// What remains known of a behavior when nobody looks at it any more.
struct Name {
    explicit Name(const Behavior& behavior)
        : plan{behavior.plan()}, site{behavior.site()}, thunk{behavior.thunk()} {}

    [[nodiscard]] std::string text() const {
        return plan != nullptr ? plan->label() : thunk.empty() ? "a behavior" : thunk;
    }
    [[nodiscard]] std::string place() const {
        return site->file + ":" + std::to_string(site->line) + " in " + site->function;
    }

    const Plan* plan;
    const Site* site;
    std::string thunk;
};

/// What waits for one cown.
struct Line {
    const Cown* cown = nullptr;
    bool result = false;
    std::size_t length = 0;
    std::vector<Name> first;
};

/// One worker at one moment.
struct Snapshot {
    Post::Phase phase;
    int worker;
    std::uint64_t since;
    const void* identity;   ///< of what runs; never looked into
    std::vector<Name> name; ///< of what runs, if anything does
    std::vector<Line> lines;
};

/// The place of a behavior that waits for `cown` in its queue.
const Request* place_in_line(const Behavior& behavior, const Cown* cown) noexcept {
    for (const Request& request : behavior.requests()) {
        if (request.cown() == cown) {
            return &request;
        }
    }
    return nullptr;
}

/// While a Look lasts.
Line line_behind(const Request& holder) {
    Line line;
    line.cown = holder.cown();
    const Request* place = &holder;
    while (place != nullptr && line.length < kCounted) {
        const auto* const next = static_cast<const Behavior*>(place->successor());
        if (next == nullptr) {
            break;
        }
        if (line.length++ < kNamed) {
            line.first.emplace_back(*next);
        }
        place = place_in_line(*next, line.cown);
    }
    return line;
}

Snapshot look_at(const Post& post) {
    const Look look;
    const Behavior* const behavior = post.shown();
    Snapshot seen{post.phase(), post.worker(), post.since(), behavior, {}, {}};
    if (behavior == nullptr) {
        return seen;
    }
    seen.name.emplace_back(*behavior);
    for (const Request& request : behavior->requests()) {
        seen.lines.push_back(line_behind(request));
        seen.lines.back().result = request.cown() == behavior->result();
    }
    if (behavior->result_request().cown() == behavior->result()) {
        seen.lines.push_back(line_behind(behavior->result_request()));
        seen.lines.back().result = true;
    }
    return seen;
}

std::string duration(std::uint64_t since) {
    const std::uint64_t now = compat::coarse_ns();
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s",
                  static_cast<double>(now - std::min(now, since)) / 1e9);
    return text.data();
}

/// Whether the frame belongs to what runs in every worker below the body.
bool is_ours(std::string_view frame) noexcept {
    constexpr std::array kFiles{"bocpy/_threads.py\"", "bocpy/_interpreters.py\"",
                                "bocpy/_noticeboard.py\"", "bocpy/_pump.py\""};
    return std::any_of(kFiles.begin(), kFiles.end(), [frame](const char* file) {
        return frame.find(file) != std::string_view::npos;
    });
}

/// The file of a frame as the user knows it; code that travels has a label for one.
std::string readable(std::string frame, const Name* name) {
    const std::size_t begin = frame.find("\"<") + 1;
    const std::size_t end = begin == 0 ? std::string::npos : frame.find('>', begin);
    if (end == std::string::npos) {
        return frame;
    }
    if (frame.compare(begin, 7, "<bocpy:") == 0 && frame.compare(end, 2, "> ") == 0) {
        frame.erase(begin, end + 2 - begin);
    } else if (frame.compare(begin, 10, "<behavior:") == 0 && name != nullptr &&
               name->plan != nullptr) {
        frame.replace(begin, end + 1 - begin, name->plan->file);
    }
    return frame;
}

/// Where a thread is in Python code, innermost first.
std::string frames(compat::ThreadId thread, const Name* name) {
    const std::string answer = Probe::ask(thread);
    std::string text;
    std::size_t begin = 0;
    while (begin < answer.size()) {
        const std::size_t end = std::min(answer.find('\n', begin), answer.size());
        const std::string frame = answer.substr(begin, end - begin);
        begin = end + 1;
        if (frame.find("  File ") != 0) {
            continue;
        }
        if (is_ours(frame)) {
            break;
        }
        text += "  " + readable(frame, name) + "\n";
    }
    return text.empty() ? text : "  now, most recent call first:\n" + text;
}

std::string text_of(const Line& line) {
    std::array<char, 40> address{};
    std::snprintf(address.data(), address.size(), "holds Cown(%p)",
                  static_cast<const void*>(line.cown));
    std::string text = "  ";
    text += line.result ? "has a result" : address.data();
    text += line.length == 0
                ? "\n"
                : ", for which " + std::to_string(line.length) + " wait:\n";
    for (const Name& name : line.first) {
        text += "    " + name.text();
        text += name.site != nullptr ? ", scheduled at " + name.place() + "\n" : "\n";
    }
    if (line.length > line.first.size()) {
        text += "    and others\n";
    }
    return text;
}

std::string text_of(const Snapshot& seen, const std::string& stack) {
    const std::string who = seen.phase == Post::Phase::kPumping
                                ? "pump()"
                                : "worker " + std::to_string(seen.worker);
    if (seen.phase == Post::Phase::kStarting) {
        return "a worker starts for " + duration(seen.since) + "\n" + stack;
    }
    if (seen.phase == Post::Phase::kEnding) {
        return who + " ends for " + duration(seen.since) + "\n" + stack;
    }
    if (seen.name.empty()) {
        return who + " runs nothing\n";
    }
    const Name& name = seen.name.front();
    std::string text =
        who + " runs " + name.text() + " for " + duration(seen.since) + "\n";
    if (name.site != nullptr) {
        text += "  scheduled at " + name.place() + "\n";
    }
    text += stack;
    for (const Line& line : seen.lines) {
        if (!line.result || line.length > 0) {
            text += text_of(line);
        }
    }
    return text;
}

bool seen_idle(const Snapshot& seen) noexcept {
    return seen.name.empty() &&
           (seen.phase == Post::Phase::kServing || seen.phase == Post::Phase::kPumping);
}

std::string text_of(const Post& post) {
    const Snapshot before = look_at(post);
    const bool idle = seen_idle(before);
    const Name* const name = before.name.empty() ? nullptr : &before.name.front();
    std::string stack = idle ? std::string{} : frames(post.thread(), name);
    if (post.shown() != before.identity || post.since() != before.since) {
        stack.clear(); // it tells of something else
    }
    return text_of(before, stack);
}

/// What waits for a pump.
struct Pumpable {
    std::size_t length = 0;
    std::vector<Name> first;
};

Pumpable look_at_pump() {
    Pumpable seen;
    sched::PumpQueue::instance().visit([&seen](const sched::Work& work) {
        if (seen.length++ < kNamed) {
            seen.first.emplace_back(static_cast<const Behavior&>(work));
        }
    });
    return seen;
}

std::string text_of(const Pumpable& seen) {
    std::string text;
    for (const Name& name : seen.first) {
        text += "waits for pump(): " + name.text();
        text += name.site != nullptr ? ", scheduled at " + name.place() + "\n" : "\n";
    }
    if (seen.length > seen.first.size()) {
        text += "and " + std::to_string(seen.length - seen.first.size()) +
                " others wait for pump()\n";
    }
    return text;
}

std::string text_of(const Applying& change) {
    std::string text = "the noticeboard applies a change of '";
    text += change.key.text();
    text += change.by.empty() ? "'" : "' by " + change.by;
    text += " for " + duration(change.since) + ", " + std::to_string(change.waiting) +
            " wait behind it\n";
    return text + frames(change.thread, nullptr);
}

} // namespace

std::vector<std::string> running_bodies() {
    std::vector<std::string> labels;
    Post::visit([&labels](const Post& post) {
        const Snapshot seen = look_at(post);
        if (!seen.name.empty()) {
            labels.push_back(seen.name.front().text());
        }
    });
    return labels;
}

std::string report() {
    const std::int64_t pending = Terminator::instance().pending();
    std::string text = "behaviors that have not ended: ";
    text += pending > 0 ? "at most " : ""; // a busy worker keeps a count
    text += std::to_string(std::max<std::int64_t>(pending, 0)) + "\n";
    std::map<int, std::string> workers; // one that starts has no number
    Post::visit(
        [&workers](const Post& post) { workers[post.worker()] += text_of(post); });
    for (const auto& [number, worker] : workers) {
        text += worker;
    }
    text += text_of(look_at_pump());
    Noticeboard::instance().visit_applying(
        [&text](const Applying& change) { text += text_of(change); });
    return text;
}

} // namespace boc
