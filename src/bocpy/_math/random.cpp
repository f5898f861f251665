#include "random.h"

#include "matrix.h"
#include "methods.h"
#include "number.h"

#include <cmath>
#include <random>

namespace boc::math {

namespace {

constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15U;

/// The SplitMix64 stream of an interpreter; threads that share it draw different
/// numbers.
class Stream {
public:
    explicit Stream(std::atomic<std::uint64_t>& position) noexcept
        : position_{position} {}

    /// Uniform on [0, 1).
    double unit() noexcept {
        std::uint64_t z =
            position_.fetch_add(kGamma, std::memory_order_relaxed) + kGamma;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        z ^= z >> 31U;
        return static_cast<double>(z >> 11U) * 0x1p-53;
    }
    double between(double low, double high) noexcept {
        return unit() * (high - low) + low;
    }

private:
    std::atomic<std::uint64_t>& position_;
};

/// Marsaglia's polar method: two independent normal numbers.
struct NormalPair {
    double first;
    double second;
};

NormalPair draw_pair(Stream& stream) noexcept {
    while (true) {
        const double u = stream.between(-1.0, 1.0);
        const double v = stream.between(-1.0, 1.0);
        const double s = u * u + v * v;
        if (s < 1.0 && s != 0.0) {
            const double factor = std::sqrt(-2.0 * std::log(s) / s);
            return {u * factor, v * factor};
        }
    }
}

/// Two optional numbers that describe a distribution.
struct Parameters {
    double first;
    double second;
};

void fill_uniform(double* out, Index n, Stream& stream, const Parameters& p) noexcept {
    for (Index i = 0; i < n; ++i) {
        out[i] = stream.between(p.first, p.second);
    }
}

void fill_normal(double* out, Index n, Stream& stream, const Parameters& p) noexcept {
    for (Index i = 0; i < n; i += 2) {
        const NormalPair pair = draw_pair(stream);
        out[i] = pair.first * p.second + p.first;
        if (i + 1 < n) {
            out[i + 1] = pair.second * p.second + p.first;
        }
    }
}

using Fill = void (*)(double*, Index, Stream&, const Parameters&) noexcept;

py::Ref draw(const Signature<3>& signature, const Call& call, Parameters parameters,
             Fill fill) {
    const auto [first, second, size] = parse(signature, call);
    if (first != nullptr) {
        parameters.first = as_double(first, signature.parameters[0]);
    }
    if (second != nullptr) {
        parameters.second = as_double(second, signature.parameters[1]);
    }
    auto* const type = reinterpret_cast<PyTypeObject*>(call.self);
    Stream stream{State::of(type).random};
    if (is_absent(size)) {
        double number = 0.0;
        fill(&number, 1, stream, parameters);
        return py::Ref::steal(PyFloat_FromDouble(number));
    }
    Fresh fresh = make(type, shape_from(size));
    fill(fresh.data, reinterpret_cast<Matrix*>(fresh.ref.get())->block->size(), stream,
         parameters);
    return std::move(fresh.ref);
}

py::Ref normal(const Call& call) {
    static constexpr Signature<3> kSignature{
        "normal", {"mean", "stddev", "size"}, {0, 3, 0}};
    return draw(kSignature, call, {0.0, 1.0}, &fill_normal);
}

py::Ref uniform(const Call& call) {
    static constexpr Signature<3> kSignature{
        "uniform", {"minval", "maxval", "size"}, {0, 3, 0}};
    return draw(kSignature, call, {0.0, 1.0}, &fill_uniform);
}

py::Ref seed(const Call& call) {
    static constexpr Signature<1> kSignature{"seed", {"value"}, {0, 1, 1}};
    const auto [value] = parse(kSignature, call);
    if (!is_integer(value)) {
        py::raise(PyExc_TypeError, "seed must be an int, not %.100s",
                  Py_TYPE(value)->tp_name);
    }
    const auto number = py::Ref::steal(PyNumber_Index(value));
    const unsigned long long word = PyLong_AsUnsignedLongLongMask(number.get());
    auto* const type = reinterpret_cast<PyTypeObject*>(call.self);
    State::of(type).random.store(word, std::memory_order_relaxed);
    return py::Ref::none();
}

} // namespace

std::uint64_t random_seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

Methods random_methods() {
    static const PyMethodDef methods[] = {
        method<&normal>(
            "normal",
            "normal(mean=0.0, stddev=1.0, size=None)\n--\n\n"
            "A number from a normal distribution, or a Matrix of them of shape "
            "size.\n\n"
            "size: (rows, columns). AssertionError for a dimension below 1, "
            "TypeError for a size that is no pair of integers and for a mean or "
            "stddev that is no number.",
            METH_CLASS),
        method<&uniform>(
            "uniform",
            "uniform(minval=0.0, maxval=1.0, size=None)\n--\n\n"
            "A number from [minval, maxval), or a Matrix of them of shape size.\n\n"
            "size: (rows, columns). AssertionError for a dimension below 1, "
            "TypeError for a size that is no pair of integers and for a bound that "
            "is no number.",
            METH_CLASS),
        method<&seed>(
            "seed",
            "seed(value)\n--\n\n"
            "Restarts the random stream of this interpreter; equal seeds give "
            "equal numbers. TypeError unless value is an int.",
            METH_CLASS),
    };
    return methods;
}

} // namespace boc::math
