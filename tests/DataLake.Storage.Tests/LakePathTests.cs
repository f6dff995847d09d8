using System.Text;

namespace DataLake.Storage.Tests;

public sealed class LakePathTests
{
    // What could go wrong comes often: dots, slashes, percent signs, controls, halves of pairs joined, letters of several bytes.
    private static readonly string[] Parts = [".", "..", "/", "\\", "%", "%2E", "2E", "a", "A", "z9", "_", "-", " ", "\0", "\n", "\u007f", "\u0085", "é", "e\u0301", "漢", "😀", "\uFFFD", "\u2215", "\u202E", ":", "~", "="];

    [Fact]
    public void Different_names_are_different_segments_that_stay_in_their_folder()
    {
        var random = new Random(99);
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < 100_000; i++)
        {
            var name = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => Parts[random.Next(Parts.Length)]));
            var segment = LakePath.Segment(name);
            if (!seen.TryAdd(segment, name))
            {
                seen[segment].ShouldBe(name);
            }

            segment.ShouldNotBeEmpty();
            (segment[0] == '.' || segment[^1] == '.' || segment.Contains("..", StringComparison.Ordinal)).ShouldBeFalse(segment);
            segment.EnumerateRunes().All(rune => Rune.IsLetterOrDigit(rune) || rune.Value is '_' or '-' or '.' or '%').ShouldBeTrue(segment);
            Uri.UnescapeDataString(segment).ShouldBe(name); // so no two names can share one
        }

        seen.Count.ShouldBeGreaterThan(50_000);
    }

    [Theory]
    [InlineData("public.shipments", "public.shipments")]
    [InlineData("public.\"Odd Name\"", "public.%22Odd%20Name%22")]
    [InlineData("größe", "größe")]
    [InlineData(".", "%2E")]
    [InlineData("..", "%2E%2E")]
    [InlineData("a..b", "a.%2Eb")]
    [InlineData(".a.", "%2Ea%2E")]
    [InlineData("../../etc", "%2E.%2F.%2E%2Fetc")]
    public void Plain_names_stay_as_they_are(string name, string segment) => LakePath.Segment(name).ShouldBe(segment);

    [Fact]
    public void What_is_no_name_is_refused()
    {
        Should.Throw<ArgumentException>(() => LakePath.Segment(""));
        Should.Throw<ArgumentException>(() => LakePath.Segment("a\uD800"));
        Should.Throw<ArgumentException>(() => LakePath.Segment("\uDC00a"));
    }

    [Fact]
    public void A_RAW_file_is_named_by_its_run_and_attempt()
    {
        var run = Guid.Parse("0199a000-0000-7000-8000-000000000001");
        var folder = LakePath.RawRun("orders", "public.a/b", masked: true, "incremental", new DateOnly(2026, 3, 9), run);
        folder.ShouldBe("raw/orders/public.a%2Fb/masked/incremental/arrival_date=2026-03-09/run=0199a000-0000-7000-8000-000000000001");
        LakePath.RawFile(folder, 3, 12).ShouldBe(folder + "/part-3-12.parquet");
    }
}
