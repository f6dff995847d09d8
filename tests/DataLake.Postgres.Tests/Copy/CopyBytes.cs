using System.Buffers.Binary;
using System.Text;
using DataLake.Contracts;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using Shouldly;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>Makes streams in COPY's binary format.</summary>
internal sealed class CopyBytes
{
    private readonly List<byte> bytes = [];

    public CopyBytes(uint flags = 0, int extension = 0)
    {
        Raw(0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00); // PGCOPY and what a text transfer would spoil
        Int32((int)flags);
        Int32(extension);
    }

    /// <summary>A row; a null array is NULL.</summary>
    public CopyBytes Row(params byte[]?[] fields)
    {
        Int16((short)fields.Length);
        foreach (var field in fields)
        {
            Int32(field?.Length ?? -1);
            bytes.AddRange(field ?? []);
        }

        return this;
    }

    public CopyBytes Raw(params byte[] raw)
    {
        bytes.AddRange(raw);
        return this;
    }

    public byte[] WithoutEnd() => [.. bytes];

    public byte[] End() => Raw(0xFF, 0xFF).WithoutEnd();

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Of(int value)
    {
        var field = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(field, value);
        return field;
    }

    private void Int16(short value) => Raw((byte)(value >> 8), (byte)value);

    private void Int32(int value) => Raw(Of(value));
}

/// <summary>A stream that gives its bytes in pieces.</summary>
internal sealed class PiecewiseStream(byte[] bytes, Func<int> pieceLength) : MemoryStream(bytes)
{
    // Derived from MemoryStream, whose own Read(Span) would call this one.
    public override int Read(Span<byte> target)
    {
        var piece = target[..Math.Min(target.Length, pieceLength())];
        for (var i = 0; i < piece.Length; i++)
        {
            if (ReadByte() is var next && next < 0)
            {
                return i;
            }

            piece[i] = (byte)next;
        }

        return piece.Length;
    }
}

/// <summary>Columns that rows of a test are decoded into.</summary>
internal static class Decoding
{
    public static IReadOnlyList<ColumnMapping> Columns(params (string Name, uint TypeId, int Modifier)[] columns) =>
        [.. columns.Select((column, i) => ColumnMapping.Of(new SourceTableColumn(column.Name, i + 1, "", column.TypeId, column.Modifier, Nullable: true), i + 1))];

    /// <summary>The Parquet file that a stream becomes: equal rows give equal files.</summary>
    public static async Task<(byte[] File, long Rows)> ToParquetAsync(Stream stream, IReadOnlyList<ColumnMapping> mappings, int rowLimit = 64 << 20)
    {
        var file = new MemoryStream();
        await using var writer = new ParquetFileWriter(file, new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]), new ParquetWriterOptions());
        using var reader = new CopyReader(stream, "public.things", [.. mappings.Select(mapping => mapping.Name)], new LargeRows(rowLimit));
        var decoder = new RowDecoder(mappings, writer.Columns);
        while (reader.ReadBatch(decoder) > 0)
        {
        }

        await writer.CompleteAsync(CancellationToken.None);
        await using var written = await ParquetFileReader.OpenAsync(new MemoryStream(file.ToArray()));
        var content = default(ContentHash);
        for (var group = 0; group < written.Metadata.RowGroups.Count; group++)
        {
            content += await WrittenRows.HashAsync(written, group, mappings, CancellationToken.None);
        }

        content.ShouldBe(decoder.Content);
        return (file.ToArray(), reader.Rows);
    }
}
