using System.Buffers.Binary;

namespace DataLake.Postgres.Copy;

/// <summary>What a binary COPY stream begins with: a signature, flags, and the length of an extension.</summary>
internal static class CopyHeader
{
    /// <summary>Its bytes.</summary>
    public const int Length = 19;

    private static ReadOnlySpan<byte> Signature => [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0];

    /// <summary>Says what is wrong with a header, as the rest of a sentence that starts with the stream; null where nothing is.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Signature))
        {
            return "does not start with COPY's signature";
        }

        // Bits 16 to 31 of the flags are critical: a reader that does not know them must stop.
        if ((BinaryPrimitives.ReadUInt32BigEndian(header[11..]) & 0xFFFF_0000) != 0)
        {
            return "uses a feature of COPY that is not known";
        }

        return BinaryPrimitives.ReadInt32BigEndian(header[15..]) == 0 ? null : "has a header extension, which no version of PostgreSQL writes";
    }
}
