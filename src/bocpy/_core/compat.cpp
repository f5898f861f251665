#include "compat.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#    define WIN32_LEAN_AND_MEAN
#    define NOMINMAX
#    include <windows.h>
#elif defined(__APPLE__)
#    include <ctime>
#    include <pthread.h>
#    include <sys/sysctl.h>
#    include <unistd.h>
#elif defined(__linux__)
#    include <cerrno>
#    include <cstdio>
#    include <ctime>
#    include <linux/futex.h>
#    include <linux/membarrier.h>
#    include <pthread.h>
#    include <sched.h>
#    include <sys/syscall.h>
#    include <unistd.h>
#endif

namespace boc::compat {

std::uint64_t monotonic_ns() noexcept {
    const auto since_start = now().time_since_epoch();
    const auto count =
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count();
    return static_cast<std::uint64_t>(std::max<decltype(count)>(count, 1));
}

unsigned usable_cpu_count() noexcept {
    return std::max(std::thread::hardware_concurrency(), 1U);
}

#if defined(__linux__)
std::uint64_t coarse_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}
#elif defined(__APPLE__)
std::uint64_t coarse_ns() noexcept {
    return clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW_APPROX);
}
#elif defined(_WIN32)
std::uint64_t coarse_ns() noexcept {
    return GetTickCount64() * 1'000'000U;
}
#else
std::uint64_t coarse_ns() noexcept {
    return monotonic_ns();
}
#endif

#if defined(__linux__)
namespace {

bool membarrier(int command) noexcept {
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

} // namespace
#endif

void barrier_everywhere() noexcept {
#if defined(_WIN32)
    FlushProcessWriteBuffers();
#else
#    if defined(__linux__)
    static const bool registered =
        membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    if (registered && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) {
        return;
    }
#    endif
    // Where one cannot be asked for, each processor passes one in a fraction of this.
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
#endif
}

#if defined(_WIN32)
std::int64_t process_id() noexcept {
    return static_cast<std::int64_t>(GetCurrentProcessId());
}
ThreadId this_thread() noexcept {
    return GetCurrentThreadId();
}
#else
std::int64_t process_id() noexcept {
    return getpid();
}
ThreadId this_thread() noexcept {
    return pthread_self();
}
#endif

#if defined(__linux__)

namespace {

struct FreeCpuSet {
    void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
};

/// Processors that this process may run on.
std::vector<int> usable_cpus() {
    for (int room = 1024; room <= 1 << 20; room *= 4) {
        const std::unique_ptr<cpu_set_t, FreeCpuSet> set{
            CPU_ALLOC(static_cast<std::size_t>(room))};
        const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(room));
        if (set == nullptr || sched_getaffinity(0, size, set.get()) != 0) {
            continue;
        }
        std::vector<int> cpus;
        for (int cpu = 0; cpu < room; ++cpu) {
            if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, set.get())) {
                cpus.push_back(cpu);
            }
        }
        return cpus;
    }
    return {};
}

/// The processors that share a core with `cpu`, as the kernel writes them.
std::string siblings_of(int cpu) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    for (const char* name : {"core_cpus_list", "thread_siblings_list"}) {
        const std::string path = folder + name;
        if (std::FILE* const file = std::fopen(path.c_str(), "r")) {
            char line[256] = "";
            const bool read = std::fgets(line, sizeof line, file) != nullptr;
            std::fclose(file);
            if (read) {
                return line;
            }
        }
    }
    return {};
}

} // namespace

unsigned physical_cpu_count() noexcept {
    try {
        std::vector<std::string> cores;
        for (const int cpu : usable_cpus()) {
            std::string core = siblings_of(cpu);
            if (!core.empty()) {
                cores.push_back(std::move(core));
            }
        }
        std::sort(cores.begin(), cores.end());
        const auto end = std::unique(cores.begin(), cores.end());
        return static_cast<unsigned>(end - cores.begin());
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

void set_thread_name(const char* name) noexcept {
    char cut[16] = "";
    std::strncpy(cut, name, sizeof cut - 1);
    pthread_setname_np(pthread_self(), cut);
}

#elif defined(__APPLE__)

unsigned physical_cpu_count() noexcept {
    for (const char* name : {"hw.physicalcpu_max", "hw.physicalcpu"}) {
        int count = 0;
        std::size_t size = sizeof count;
        if (sysctlbyname(name, &count, &size, nullptr, 0) == 0 && count > 0) {
            return static_cast<unsigned>(count);
        }
    }
    return 0;
}

void set_thread_name(const char* name) noexcept {
    pthread_setname_np(name);
}

#elif defined(_WIN32)

unsigned physical_cpu_count() noexcept {
    try {
        DWORD size = 0;
        GetLogicalProcessorInformationEx(RelationProcessorCore, nullptr, &size);
        std::vector<char> records(size);
        auto* const at =
            reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(records.data());
        if (size == 0 ||
            GetLogicalProcessorInformationEx(RelationProcessorCore, at, &size) == 0) {
            return 0;
        }
        unsigned cores = 0;
        for (DWORD offset = 0; offset < size; ++cores) {
            offset += reinterpret_cast<PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>(
                          records.data() + offset)
                          ->Size;
        }
        return cores;
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

void set_thread_name(const char* name) noexcept {
    wchar_t wide[64] = L"";
    if (MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, 63) > 0) {
        SetThreadDescription(GetCurrentThread(), wide);
    }
}

#else

unsigned physical_cpu_count() noexcept {
    return 0;
}
void set_thread_name(const char*) noexcept {}

#endif

#if BOC_HAS_FUTEX

namespace {

long futex(const Atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* until) noexcept {
    return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, until,
                   nullptr, FUTEX_BITSET_MATCH_ANY);
}

timespec to_timespec(Deadline deadline) noexcept {
    using std::chrono::duration_cast;
    const auto since_start =
        std::max(deadline.time_since_epoch(), Deadline::duration{});
    const auto seconds = duration_cast<std::chrono::seconds>(since_start);
    const auto rest = duration_cast<std::chrono::nanoseconds>(since_start - seconds);
    return {.tv_sec = static_cast<time_t>(seconds.count()),
            .tv_nsec = static_cast<long>(rest.count())};
}

} // namespace

FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                     Deadline deadline) noexcept {
    const timespec until = to_timespec(deadline);
    const timespec* const limit = deadline == kForever ? nullptr : &until;
    if (futex(word, FUTEX_WAIT_BITSET, expected, limit) == 0) {
        return FutexWait::kWoken;
    }
    return errno == ETIMEDOUT ? FutexWait::kTimedOut
           : errno == EINTR   ? FutexWait::kInterrupted
                              : FutexWait::kWoken;
}

void futex_wake(const Atomic<std::uint32_t>& word, int count) noexcept {
    futex(word, FUTEX_WAKE, static_cast<std::uint32_t>(count), nullptr);
}

#else

namespace {

/// Where threads sleep whose words hash alike. Never destroyed: threads may outlive
/// the static objects of the process.
struct Bucket {
    std::mutex mutex;
    std::condition_variable sleepers;
};

Bucket& bucket_of(const void* word) {
    constexpr std::size_t kBuckets = 64;
    static Bucket* const buckets = new Bucket[kBuckets];
    return buckets[reinterpret_cast<std::uintptr_t>(word) / kCacheLine % kBuckets];
}

} // namespace

FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                     Deadline deadline) noexcept {
    Bucket& bucket = bucket_of(&word);
    std::unique_lock lock{bucket.mutex};
    if (word.load(std::memory_order_relaxed) != expected) {
        return FutexWait::kWoken;
    }
    if (deadline == kForever) {
        bucket.sleepers.wait(lock);
        return FutexWait::kWoken;
    }
    return bucket.sleepers.wait_until(lock, deadline) == std::cv_status::timeout
               ? FutexWait::kTimedOut
               : FutexWait::kWoken;
}

void futex_wake(const Atomic<std::uint32_t>& word, int) noexcept {
    Bucket& bucket = bucket_of(&word);
    // The sleeper looked at the word under the mutex: it sleeps, or saw the change.
    const std::scoped_lock lock{bucket.mutex};
    bucket.sleepers.notify_all();
}

#endif

} // namespace boc::compat
