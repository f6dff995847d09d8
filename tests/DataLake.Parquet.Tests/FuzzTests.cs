using DataLake.Parquet.Reading;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing.Fuzzing;

namespace DataLake.Parquet.Tests;

public sealed class FuzzTests
{
    private const int Cases = 1_000_000;

    // A page of 64 KiB and its rows, levels, places and dictionary: and twice that while they grow.
    private const long MostBytes = 2 << 20;
    private const string Corpus = "tests/DataLake.Parquet.Tests/corpus.hex";

    [Fact]
    public async Task A_million_damaged_files_are_read_or_refused_and_what_is_not_damaged_is_read()
    {
        var (small, large) = (await FuzzSeeds.SmallAsync(), await FuzzSeeds.LargeAsync());
        var run = FuzzRun.Of(Cases, MostBytes, () => new Fuzzer(small, large).Run);
        run.Refused.ShouldBeInRange(run.Cases / 4, run.Cases * 19 / 20);
    }

    [Fact]
    public async Task Every_cut_off_file_is_refused()
    {
        var input = new FuzzStream();
        FuzzSeed[] seeds = [.. await FuzzSeeds.SmallAsync(), await FuzzSeed.OfAsync(TableCases.EveryType("cut", 5, true, 33))];
        foreach (var seed in seeds)
        {
            for (var length = 0; length < seed.File.Length; length++)
            {
                input.Load(seed.File.AsSpan(0, length));
                Fuzzer.Read(input, null, byPage: false).ShouldNotBeNull($"{seed.Name}, cut at byte {length}");
            }

            input.Load(seed.File);
            Fuzzer.Read(input, seed, byPage: true).ShouldBeNull(seed.Name);
        }
    }

    [Fact]
    public async Task Every_file_of_the_corpus_ends_as_it_did()
    {
        if (HexCorpus.IsToBeWritten) HexCorpus.Write(Corpus, "Parquet files that each break something else.", await FindAsync());
        var input = new FuzzStream();
        var cases = HexCorpus.Read(Corpus);
        cases.Count.ShouldBeGreaterThan(50);
        foreach (var (_, outcome, bytes) in cases)
        {
            input.Load(bytes);
            OutcomeOf(Fuzzer.Read(input, null, byPage: true)).ShouldBe(outcome, Convert.ToHexStringLower(bytes));
            Fuzzer.Read(input, null, byPage: false); // Indexes are not looked at here, so it may end otherwise.
        }
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

    /// <summary>Files that are refused in different words, or not at all.</summary>
    private static async Task<List<(HexCase Case, string Words)>> FindAsync()
    {
        var (fuzzer, random, input) = (new Fuzzer(await FuzzSeeds.SmallAsync(), []), new FuzzRandom(), new FuzzStream());
        var found = new Dictionary<string, (HexCase Case, string Words)>();
        for (var i = 0UL; i < 200_000; i++)
        {
            random.Start(i * 0xD1342543DE82EF95);
            fuzzer.Run(random, input);
            input.Position = 0;
            var refusal = Fuzzer.Read(input, null, byPage: true); // As it will be read again, with nothing known of it.
            var words = refusal?.Message ?? "read";
            if (!found.TryGetValue(words, out var known) || known.Case.Bytes.Length > input.Length)
                found[words] = (new HexCase("file", OutcomeOf(refusal), input.Bytes.ToArray()), words);
        }

        return [.. found.Values];
    }

    private static string OutcomeOf(Exception? refusal) => (refusal as ParquetException)?.Kind.ToString() ?? "read";
}
