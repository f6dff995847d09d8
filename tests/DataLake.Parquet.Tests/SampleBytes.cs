namespace DataLake.Parquet.Tests;

/// <summary>Bytes as pages hold them, from all zeros to noise.</summary>
internal static class SampleBytes
{
    public const int Kinds = 6;

    public static byte[] Of(Random random, int length, int kind)
    {
        var bytes = new byte[length];
        switch (kind)
        {
            case 0: break;
            case 1: random.NextBytes(bytes); break;
            case 2:
                for (var i = 0; i < length; i++) bytes[i] = (byte)random.Next(3);
                break;
            case 3:
                // Numbers: eight bytes each, the high ones alike.
                for (var i = 0; i + 8 <= length; i += 8) BitConverter.TryWriteBytes(bytes.AsSpan(i), random.NextInt64(1L << 40));
                break;
            case 4:
                for (var i = 0; i < length; i++) bytes[i] = (byte)(i % 24 < 14 ? "customer number "[i % 24] : random.Next('0', '9'));
                break;
            default:
                for (var i = 0; i < length; i++) bytes[i] = i > 40 && random.Next(20) > 0 ? bytes[i - 37] : (byte)random.Next(256);
                break;
        }

        return bytes;
    }
}
