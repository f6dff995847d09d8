using System.Globalization;
using DataLake.Postgres.Errors;
using DataLake.Testing.Fuzzing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>Whatever the bytes are, they are rows or a <see cref="SourceException"/>: no other exception, no end without the trailer, no memory for lengths that only claim to come.</summary>
public sealed class CopyFuzzTests
{
    private const int Cases = 1_200_000;
    private const long MostBytes = 4 << 20;
    private const string Corpus = "tests/DataLake.Postgres.Tests/Copy/corpus.hex";

    [Fact]
    public void A_million_damaged_streams_give_rows_or_a_refusal()
    {
        var run = FuzzRun.Of(Cases, MostBytes, () => new CopyFuzzer().Run);
        run.Refused.ShouldBeInRange(run.Cases / 2, run.Cases * 19 / 20);
    }

    [Fact]
    public void Every_flipped_bit_gives_rows_or_a_refusal()
    {
        var (fuzzer, input, refused, cases) = (new CopyFuzzer(), new FuzzStream(), 0, 0);
        foreach (var shape in CopyShape.All)
        {
            for (var bit = 0; bit < shape.Stream.Length * 8; bit++, cases++)
            {
                input.Load(shape.Stream);
                input.Put(bit / 8, (byte)(shape.Stream[bit / 8] ^ (1 << (bit % 8))));
                refused += fuzzer.Decode(shape, input) is null ? 0 : 1;
            }
        }

        refused.ShouldBeInRange(cases / 4, cases * 3 / 4);
    }

    [Fact]
    public void A_stream_cut_at_any_byte_gives_the_rows_before_the_cut_and_never_success()
    {
        var (fuzzer, input) = (new CopyFuzzer(), new FuzzStream());
        foreach (var shape in CopyShape.All)
        {
            for (var length = 0; length < shape.Stream.Length; length++)
            {
                foreach (var piece in new[] { 1, int.MaxValue })
                {
                    input.Load(shape.Stream);
                    input.Remove(length, shape.Stream.Length);
                    input.PieceLength = piece;
                    fuzzer.Decode(shape, input).ShouldBeOfType<SourceException>().Kind.ShouldBe(SourceErrorKind.Corrupt);
                    fuzzer.Rows.ShouldBe(shape.RowsBefore(length));
                }
            }

            input.Load(shape.Stream);
            fuzzer.Decode(shape, input).ShouldBeNull();
            fuzzer.Rows.ShouldBe(3);
        }
    }

    [Fact]
    public void Every_stream_of_the_corpus_ends_as_it_did()
    {
        var fuzzer = new CopyFuzzer();
        if (HexCorpus.IsToBeWritten)
        {
            HexCorpus.Write(Corpus, "Streams of COPY that each break something else.", Find());
        }

        var input = new FuzzStream();
        var cases = HexCorpus.Read(Corpus);
        cases.Count.ShouldBeGreaterThan(50);
        foreach (var (target, outcome, bytes) in cases)
        {
            foreach (var piece in new[] { 1, int.MaxValue })
            {
                input.Load(bytes);
                input.Put(0, []); // None of it is known to be as it was.
                input.PieceLength = piece;
                var refusal = fuzzer.Decode(CopyShape.All.Single(shape => shape.Name == target), input);
                OutcomeOf(refusal, fuzzer).ShouldBe(outcome, Convert.ToHexStringLower(bytes));
            }
        }
    }

    /// <summary>Streams that are refused in different words, or not at all, with what makes them interesting.</summary>
    private static List<(HexCase Case, string Words)> Find()
    {
        var (fuzzer, random, input) = (new CopyFuzzer(), new FuzzRandom(), new FuzzStream());
        var found = new Dictionary<(string, string), (HexCase, string)>();
        for (var i = 0UL; i < 400_000; i++)
        {
            random.Start(i * 0xD1342543DE82EF95);
            var refusal = fuzzer.Run(random, input);
            if (fuzzer.Shape.Name == "every")
            {
                continue; // The others say the same in fewer bytes.
            }

            var words = refusal?.Message ?? "rows";
            var key = (fuzzer.Shape.Name, words);
            if (!found.TryGetValue(key, out var known) || known.Item1.Bytes.Length > input.Bytes.Length)
            {
                found[key] = (new HexCase(fuzzer.Shape.Name, OutcomeOf(refusal, fuzzer), input.Bytes.ToArray()), words);
            }
        }

        return [.. found.Values];
    }

    private static string OutcomeOf(Exception? refusal, CopyFuzzer fuzzer) =>
        string.Create(CultureInfo.InvariantCulture, $"{(refusal as SourceException)?.Kind.ToString() ?? "rows"}:{fuzzer.Rows}");
}
