namespace DataLake.Iceberg.Deletes;

/// <summary>The CRC-32 of gzip and PNG (ISO 3309, polynomial EDB88320 reflected), piece by piece.</summary>
internal struct Crc32
{
    private static readonly uint[] Table = MakeTable();

    private uint state;

    /// <summary>The checksum of all pieces so far.</summary>
    public readonly uint Value => state;

    /// <summary>Adds a piece.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = ~state;
        foreach (var next in bytes) crc = Table[(byte)(crc ^ next)] ^ (crc >> 8);
        state = ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            table[i] = crc;
        }

        return table;
    }
}
