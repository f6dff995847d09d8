using System.Runtime.InteropServices;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Tests.Tables;

namespace DataLake.Parquet.Tests;

/// <summary>A file to be damaged, and what is in it.</summary>
/// <param name="Name">What it is.</param>
/// <param name="File">Its bytes.</param>
/// <param name="Chunks">Its column chunks, in the order of row groups and columns.</param>
internal sealed record FuzzSeed(string Name, byte[] File, IReadOnlyList<FuzzChunk> Chunks)
{
    /// <summary>Where the footer begins; the last eight bytes are its frame.</summary>
    public int FooterStart { get; } = File.Length - 8 - BitConverter.ToInt32(File.AsSpan(File.Length - 8));

    /// <summary>Where the data ends, and indexes and Bloom filters begin.</summary>
    public int DataEnd { get; } = Chunks.Select(chunk => chunk.End).DefaultIfEmpty(4).Max();

    public static async Task<FuzzSeed> OfAsync(TestTable table) => await OfAsync(table.Name, (await table.WriteAsync()).File);

    public static async Task<FuzzSeed> OfAsync(string name, byte[] file)
    {
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        var chunks = new List<FuzzChunk>();
        for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
        {
            for (var column = 0; column < reader.Metadata.Schema.Columns.Count; column++)
            {
                var metadata = reader.Metadata.RowGroups[group].Columns[column];
                var ends = (await reader.ReadOffsetIndexAsync(group, column))!.Pages.Select(page => (int)(page.Offset + page.CompressedSize));
                var digests = new List<int>();
                using var pages = reader.OpenColumn(group, column);
                while (await pages.ReadPageAsync(default)) digests.Add(DigestOf(pages.Values));
                using var whole = await reader.ReadColumnAsync(group, column);
                chunks.Add(new FuzzChunk((int)metadata.Start, (int)(metadata.Start + metadata.TotalCompressedSize), [.. ends.Zip(digests)], DigestOf(whole)));
            }
        }

        return new FuzzSeed(name, file, chunks);
    }

    /// <summary>A number that is the same for the same rows, as long as this process runs. Every value is looked at.</summary>
    public static int DigestOf(ColumnValues values)
    {
        var hash = default(HashCode);
        hash.Add(values.RowCount);
        hash.AddBytes(values.DefinitionLevels);
        switch (values)
        {
            case ListColumnValues lists:
                lists.Offsets[^1].ShouldBe(lists.Elements.RowCount);
                hash.AddBytes(MemoryMarshal.AsBytes(lists.Offsets));
                hash.Add(DigestOf(lists.Elements));
                break;
            case ByteArrayColumnValues bytes:
                for (var i = 0; i < bytes.ValueCount; i++)
                {
                    hash.Add(bytes[i].Length);
                    hash.AddBytes(bytes[i]);
                }

                break;
            case FixedWidthColumnValues<bool> booleans: hash.AddBytes(MemoryMarshal.AsBytes(booleans.Values)); break;
            case FixedWidthColumnValues<int> numbers: hash.AddBytes(MemoryMarshal.AsBytes(numbers.Values)); break;
            case FixedWidthColumnValues<long> numbers: hash.AddBytes(MemoryMarshal.AsBytes(numbers.Values)); break;
            case FixedWidthColumnValues<float> numbers: hash.AddBytes(MemoryMarshal.AsBytes(numbers.Values)); break;
            case FixedWidthColumnValues<double> numbers: hash.AddBytes(MemoryMarshal.AsBytes(numbers.Values)); break;
            default: throw new NotSupportedException(values.GetType().Name);
        }

        return hash.ToHashCode();
    }
}

/// <summary>One column of one row group.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">The byte after its last.</param>
/// <param name="Pages">Where each page with rows ends, and the digest of its rows.</param>
/// <param name="Digest">The digest of all rows.</param>
internal sealed record FuzzChunk(int Start, int End, IReadOnlyList<(int End, int Digest)> Pages, int Digest);
