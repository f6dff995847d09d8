using System.Buffers.Binary;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Types;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>The bytes of an array that are not what PostgreSQL sends.</summary>
public sealed class DamagedArrayTests
{
    private static readonly byte[] Whole = Array(1, 42, null, 7);

    [Fact]
    public async Task An_array_that_is_cut_off_anywhere_is_damaged()
    {
        for (var length = 0; length < Whole.Length; length++)
        {
            (await Should.ThrowAsync<ColumnValueException>(() => DecodeAsync(Whole[..length]))).IsDamage.ShouldBeTrue($"cut off at {length}");
        }

        await Should.ThrowAsync<ColumnValueException>(() => DecodeAsync([.. Whole, 0]));
        await DecodeAsync(Whole);
    }

    [Fact]
    public async Task Whatever_the_bytes_are_they_are_taken_or_refused()
    {
        var random = new Random(6);
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = Whole.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                await DecodeAsync(bytes);
            }
            catch (ColumnValueException)
            {
                refused++;
            }
        }

        refused.ShouldBeInRange(500, 2_999);
    }

    private static async Task DecodeAsync(byte[] bytes)
    {
        var mapping = ColumnMapping.Of(new("tags", 1, "integer[]", 1007, -1, Nullable: true), 1, policies: new TypePolicies { Arrays = ArrayForm.List });
        await using var writer = new ParquetFileWriter(Stream.Null, new ParquetSchema([mapping.Column]), new ParquetWriterOptions());
        mapping.Bind(writer[0]).Decode(bytes);
    }

    private static byte[] Array(int first, params int?[] values)
    {
        var bytes = new List<byte>();
        foreach (var number in (int[])[1, 1, 23, values.Length, first])
        {
            Add(number);
        }

        foreach (var value in values)
        {
            Add(value is null ? -1 : 4);
            if (value is { } number)
            {
                Add(number);
            }
        }

        return [.. bytes];

        void Add(int number)
        {
            var four = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(four, number);
            bytes.AddRange(four);
        }
    }
}
