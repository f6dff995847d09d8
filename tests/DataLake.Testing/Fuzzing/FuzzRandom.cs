namespace DataLake.Testing.Fuzzing;

/// <summary>The random numbers of one case after another: the same for the same seed on every machine, at next to no cost (splitmix64).</summary>
public sealed class FuzzRandom
{
    private static readonly byte[] TellingBytes = [0, 1, 2, 0x0F, 0x10, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xFE, 0xFF];
    private ulong state;

    /// <summary>Begins anew.</summary>
    public void Start(ulong seed) => state = seed;

    /// <summary>A number from 0 to <paramref name="below"/> - 1.</summary>
    public int Next(int below) => (int)(((Bits() >> 32) * (ulong)below) >> 32);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    /// <summary>A byte: as often as not one at which things change.</summary>
    public byte Byte() => OneIn(2) ? TellingBytes[Next(TellingBytes.Length)] : (byte)Next(256);

    /// <summary>One of some.</summary>
    public T Pick<T>(ReadOnlySpan<T> items) => items[Next(items.Length)];

    private ulong Bits()
    {
        state += 0x9E3779B97F4A7C15;
        var bits = state;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
