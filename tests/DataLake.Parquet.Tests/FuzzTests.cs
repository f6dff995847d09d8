using System.Diagnostics;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

public sealed class FuzzTests
{
    private const int CasesPerFile = 21_000;
    private static readonly ParquetReaderOptions Limits = new() { MaxPageBytes = 1 << 20, MaxPageRows = 50_000, MaxChunkRows = 50_000, MaxFooterBytes = 1 << 20 };

    [Fact]
    public async Task Damaged_files_are_read_or_refused_and_nothing_else()
    {
        var corpus = await FuzzCorpus.CreateAsync();
        corpus.Add(("data pages v2", await VersionTwoAsync(corpus)));
        var (cases, refused, mostBytes, slowest) = (0, 0, 0L, TimeSpan.Zero);
        var gate = new Lock();
        Parallel.For(0, corpus.Count * 10, work =>
        {
            var (name, file) = corpus[work / 10];
            var random = new Random(1000 + work);
            var (myRefused, myMost, mySlowest) = (0, 0L, TimeSpan.Zero);
            for (var i = 0; i < CasesPerFile / 10; i++)
            {
                var damaged = Damage(random, file, i);
                var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
                try
                {
                    if (!IsReadable(damaged, byPage: i % 4 < 2).GetAwaiter().GetResult()) myRefused++;
                }
                catch (Exception e) when (e is not ParquetException)
                {
                    throw new InvalidOperationException($"Case {i} of part {work % 10} of '{name}' ended in {e}");
                }

                myMost = Math.Max(myMost, GC.GetAllocatedBytesForCurrentThread() - before);
                if (Stopwatch.GetElapsedTime(watch) is var time && time > mySlowest) mySlowest = time;
            }

            lock (gate)
            {
                cases += CasesPerFile / 10;
                refused += myRefused;
                mostBytes = Math.Max(mostBytes, myMost);
                if (mySlowest > slowest) slowest = mySlowest;
            }
        });
        cases.ShouldBeGreaterThan(300_000);
        refused.ShouldBeGreaterThan(cases / 4);

        // A page of 1 MiB, a dictionary, 50,000 rows of levels, places and offsets: and twice that while they grow.
        mostBytes.ShouldBeLessThan(16 << 20);
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    /// <summary>Anywhere, or in the footer with its frame intact so that the damage is found late, or in the data with the footer intact.</summary>
    private static byte[] Damage(Random random, byte[] file, int i)
    {
        var footer = file.Length - 8 - BitConverter.ToInt32(file.AsSpan(file.Length - 8));
        switch (i % 3)
        {
            case 0: return Mutation.Of(random, file);
            case 1:
                var metadata = Mutation.Of(random, file[footer..^8]);
                return [.. file[..footer], .. metadata, .. BitConverter.GetBytes(metadata.Length), .. "PAR1"u8];
            default:
                var damaged = (byte[])file.Clone();
                for (var n = random.Next(1, 4); n > 0 && footer > 4; n--) damaged[random.Next(4, footer)] = Mutation.Byte(random);
                return damaged;
        }
    }

    private static async Task<byte[]> VersionTwoAsync(List<(string Name, byte[] File)> corpus)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.In("1.parquet"), corpus.Single(entry => entry.Name == "dictionaries").File);
        await LakeReaders.RewriteV2Async(folder.In("1.parquet"), folder.In("2.parquet"));
        return await File.ReadAllBytesAsync(folder.In("2.parquet"));
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

    private static async Task<bool> IsReadable(byte[] file, bool byPage = false)
    {
        try
        {
            await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file), options: Limits);
            for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
            {
                for (var column = 0; column < reader.Metadata.Schema.Columns.Count; column++)
                {
                    if (byPage)
                    {
                        using var pages = reader.OpenColumn(group, column);
                        while (await pages.ReadPageAsync(default)) Touch(pages.Values);
                        await reader.ReadColumnIndexAsync(group, column);
                        await reader.ReadOffsetIndexAsync(group, column);
                        (await reader.ReadBloomFilterAsync(group, column))?.MightContain(1);
                    }
                    else
                    {
                        using var values = await reader.ReadColumnAsync(group, column);
                        Touch(values);
                    }
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

    private static void Touch(ColumnValues values)
    {
        if (values is ListColumnValues lists)
        {
            lists.Offsets[^1].ShouldBe(lists.Elements.RowCount);
            values = lists.Elements;
        }

        if (values is ByteArrayColumnValues bytes)
            for (var i = 0; i < bytes.ValueCount; i++) _ = bytes[i].Length;
    }
}
