// Part of simd.inl: where the least or greatest number is.

constexpr Index kWays = 4; ///< comparisons that do not wait for one another
constexpr Index kTurn = kWays * kLanes;

/// The best numbers so far, lane by lane, and in which turn each of them came.
struct Places {
    Vector best[kWays];
    Vector turn[kWays] = {};
    Vector doubt[kWays] = {}; ///< sums, as in `extreme`
};

/// Looks at whole turns; returns how many numbers that were.
template <typename Pick> Index look(Places& places, const double* in, Index n) {
    const Vector one = 1.0 - Vector{};
    Vector now = {};
    Index i = 0;
    for (; i + kTurn <= n; i += kTurn, now += one) {
        for (Index w = 0; w < kWays; ++w) {
            const Vector x = load(in + i + w * kLanes);
            const auto better = Pick::mask(x, places.best[w]);
            places.best[w] = better ? x : places.best[w];
            places.turn[w] = better ? now : places.turn[w];
            places.doubt[w] += x;
        }
    }
    return i;
}

/// The best of all ways and lanes; of equals the one that came first.
template <typename Pick> Index first_of_lanes(const Places& places, double& best) {
    double lanes[kLanes];
    for (Index lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = static_cast<double>(lane);
    }
    Vector bests = places.best[0];
    Vector at = places.turn[0] * static_cast<double>(kTurn) + load(lanes);
    for (Index w = 1; w < kWays; ++w) {
        const Vector x = places.best[w];
        const Vector place = places.turn[w] * static_cast<double>(kTurn) +
                             (load(lanes) + static_cast<double>(w * kLanes));
        const auto wins = Pick::mask(x, bests) | ((x == bests) & (place < at));
        bests = wins ? x : bests;
        at = wins ? place : at;
    }
    double place = 0.0;
    for (Index lane = 0; lane < kLanes; ++lane) {
        const double x = lane_of(bests, lane);
        if (Pick::better(x, best) || (x == best && lane_of(at, lane) < place)) {
            best = x;
            place = lane_of(at, lane);
        }
    }
    return static_cast<Index>(place);
}

template <typename Pick> Index place(const double* in, Index n) {
    Index place = 0;
    Index i = 0;
    double best = in[0];
    if (n >= kTurn) {
        Places places;
        for (Index w = 0; w < kWays; ++w) {
            places.best[w] = load(in + w * kLanes);
        }
        i = look<Pick>(places, in, n);
        const Vector doubts = (places.doubt[0] + places.doubt[1]) +
                              (places.doubt[2] + places.doubt[3]);
        const double doubt = sum_of_lanes(doubts);
        if (doubt != doubt && has_nan(in, i)) {
            return -1;
        }
        place = first_of_lanes<Pick>(places, best);
    }
    for (; i < n; ++i) {
        if (in[i] != in[i]) {
            return -1;
        }
        if (Pick::better(in[i], best)) {
            best = in[i];
            place = i;
        }
    }
    return place;
}

template <typename Pick>
void place_down(double* best, double* place, const double* in, Index n, double row) {
    BOC_SIMD_LOOP
    for (Index j = 0; j < n; ++j) {
        const bool better = Pick::better(in[j], best[j]);
        best[j] = better ? in[j] : best[j];
        place[j] = better ? row : place[j];
    }
}
