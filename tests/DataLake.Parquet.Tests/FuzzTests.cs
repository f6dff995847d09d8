using DataLake.Parquet.Compression;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Tests.Tables;

namespace DataLake.Parquet.Tests;

public sealed class FuzzTests
{
    [Theory]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.None)]
    public async Task Damaged_files_are_read_or_refused_and_nothing_else(CompressionCodec codec)
    {
        var table = TableCases.EveryType("fuzz", 60, true, 31, batch: 20, options: new() { Compression = codec, RowGroupRows = 40, PageBytes = 1024 });
        var (file, _) = await table.WriteAsync();
        var footer = file.Length - 8 - BitConverter.ToInt32(file.AsSpan(file.Length - 8));
        var random = new Random(32);
        var refused = 0;
        for (var i = 0; i < 4_000; i++)
        {
            // Half of them in the footer with its frame intact, so that the damage is found late.
            byte[] damaged;
            if (i % 2 == 0)
            {
                damaged = Mutation.Of(random, file);
            }
            else
            {
                var metadata = Mutation.Of(random, file[footer..^8]);
                damaged = [.. file[..footer], .. metadata, .. BitConverter.GetBytes(metadata.Length), .. "PAR1"u8];
            }

            if (!await IsReadable(damaged)) refused++;
        }

        refused.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public async Task Every_cut_off_file_is_refused()
    {
        var (file, _) = await TableCases.EveryType("cut", 5, true, 33).WriteAsync();
        for (var length = 0; length < file.Length; length++) (await IsReadable(file[..length])).ShouldBeFalse();
    }

    [Fact]
    public async Task A_page_beyond_the_limit_is_refused_before_memory_is_set_aside()
    {
        var (file, _) = await TableCases.Get("a large page").WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file), options: new() { MaxPageBytes = 1000 });
        (await Should.ThrowAsync<ParquetException>(() => reader.ReadColumnAsync(0, 0))).Kind.ShouldBe(ParquetErrorKind.LimitExceeded);
        await using var second = await ParquetFileReader.OpenAsync(new MemoryStream(file), options: new() { MaxChunkRows = 1000 });
        (await Should.ThrowAsync<ParquetException>(() => second.ReadColumnAsync(0, 0))).Kind.ShouldBe(ParquetErrorKind.LimitExceeded);
    }

    private static async Task<bool> IsReadable(byte[] file)
    {
        try
        {
            await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file), options: new() { MaxPageBytes = 1 << 20, MaxPageRows = 100_000, MaxChunkRows = 100_000 });
            for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
            {
                for (var column = 0; column < reader.Metadata.Schema.Columns.Count; column++)
                {
                    using var values = await reader.ReadColumnAsync(group, column);
                    if (values is ByteArrayColumnValues bytes)
                        for (var i = 0; i < bytes.ValueCount; i++) _ = bytes[i].Length;
                }
            }

            return true;
        }
        catch (ParquetException e)
        {
            e.Message.ShouldNotBeEmpty();
            return false;
        }
    }
}
