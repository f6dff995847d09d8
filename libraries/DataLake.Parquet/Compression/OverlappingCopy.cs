using System.Runtime.CompilerServices;

namespace DataLake.Parquet.Compression;

/// <summary>Copies within the output of a decompressor. Where the offset is shorter than the count, the bytes just written repeat.</summary>
internal static class OverlappingCopy
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Span<byte> output, int op, int offset, int count)
    {
        if (offset >= 16 && count <= 16 && output.Length - op >= 16)
        {
            output.Slice(op - offset, 16).CopyTo(output.Slice(op, 16));
            return;
        }

        if (offset == 1)
        {
            output.Slice(op, count).Fill(output[op - 1]);
            return;
        }

        // Each round copies what is there and doubles it: no overlap within a round.
        var start = op - offset;
        while (count > 0)
        {
            var n = Math.Min(count, op - start);
            output.Slice(start, n).CopyTo(output.Slice(op, n));
            op += n;
            count -= n;
        }
    }
}
