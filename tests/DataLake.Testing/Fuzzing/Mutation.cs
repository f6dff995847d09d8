namespace DataLake.Testing.Fuzzing;

/// <summary>Damages bytes as bad disks and bad people do.</summary>
public static class Mutation
{
    private static readonly byte[] Telling = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    /// <summary>A byte, often one that means something.</summary>
    public static byte Byte(Random random) => random.Next(3) == 0 ? Telling[random.Next(Telling.Length)] : (byte)random.Next(256);

    /// <summary>A copy with one to three bytes changed, inserted or removed, or its end cut off; never empty.</summary>
    public static byte[] Of(Random random, byte[] source)
    {
        var bytes = (byte[])source.Clone();
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = Telling[random.Next(Telling.Length)]; break;
                case 3 when bytes.Length > 1: bytes = bytes[..at]; break;
                case 4: bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]]; break;
                case 5: bytes = [.. bytes[..at], .. bytes[(at + 1)..]]; break;
            }

            if (bytes.Length == 0) return [0];
        }

        return bytes;
    }
}
