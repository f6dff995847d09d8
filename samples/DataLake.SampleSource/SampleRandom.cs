namespace DataLake.SampleSource;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): each row has a generator of its own,
/// so that a row's contents depend on the seed, the table and the row alone.
/// </summary>
internal struct SampleRandom
{
    private ulong _state;

    internal SampleRandom(int seed, int stream, long row)
    {
        _state = Mix((uint)seed | ((ulong)(uint)stream << 32));
        _state = Mix(_state ^ (ulong)row);
    }

    internal ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>From zero up to, and not including, the limit.</summary>
    internal int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    internal int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>From zero up to, and not including, one.</summary>
    internal double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    internal bool Chance(double probability) => Fraction() < probability;

    internal T Pick<T>(T[] choices) => choices[Below(choices.Length)];

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
