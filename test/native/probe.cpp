// Asking a thread where it is: it answers whatever it does, for itself, and one that
// has nobody to ask it is left alone.

#include "probe.h"

#include "harness.h"

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#if BOC_HAS_SIGNALS

#    include <csignal>
#    include <sys/mman.h>
#    include <unistd.h>

using namespace boc;

namespace {

int g_file = -1;
thread_local char t_name = '?';

void tell(int) {
    const ssize_t written = write(g_file, &t_name, 1);
    static_cast<void>(written);
}

void adopt_a_function() {
    g_file = memfd_create("probe", 0);
    CHECK(g_file >= 0);
    const int number = Probe::claim();
    CHECK(number == SIGURG);
    CHECK(Probe::claim() == 0);
    struct sigaction action {};
    action.sa_handler = tell;
    CHECK(sigaction(number, &action, nullptr) == 0);
    Probe::adopt(g_file);
}

/// Computes or sleeps until it is told to end.
void live(char name, bool busy, std::atomic<int>& ready, std::atomic<bool>& over) {
    t_name = name;
    ready.fetch_add(1, std::memory_order_release);
    while (!over.load(std::memory_order_acquire)) {
        if (!busy) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
}

/// Two ask at a time, and each gets the answer of the thread that it asked.
void every_thread_answers_for_itself() {
    std::atomic<int> ready{0};
    std::atomic<bool> over{false};
    std::thread busy{[&] { live('b', true, ready, over); }};
    std::thread idle{[&] { live('i', false, ready, over); }};
    while (ready.load(std::memory_order_acquire) != 2) {
        std::this_thread::yield();
    }
    {
        test::Threads askers;
        std::atomic<int> answers{0};
        for (std::thread* const asked : {&busy, &idle}) {
            askers.add([&, asked, name = asked == &busy ? 'b' : 'i'] {
                for (int left = test::repeat(200); left != 0; --left) {
                    const std::string text = Probe::ask(asked->native_handle());
                    CHECK(text.empty() || text == std::string(1, name)); // in time
                    answers.fetch_add(text.empty() ? 0 : 1, std::memory_order_relaxed);
                }
            });
        }
        askers.join();
        CHECK(answers.load(std::memory_order_relaxed) > 0);
    }
    over.store(true, std::memory_order_release);
    busy.join();
    idle.join();
}

} // namespace

int main() {
    CHECK(Probe::ask(pthread_self()).empty()); // nothing is installed
    adopt_a_function();
    every_thread_answers_for_itself();
    return 0;
}

#else

int main() {
    return 0;
}

#endif
