using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Tests.Definitions;

public class SizeTextTests
{
    [Theory]
    [InlineData("256MiB", 268_435_456, "256MiB")]
    [InlineData("256MB", 256_000_000, "256MB")]
    [InlineData("1 gib", 1_073_741_824, "1GiB")]
    [InlineData("1024MiB", 1_073_741_824, "1GiB")]
    [InlineData("300KB", 300_000, "300KB")]
    [InlineData("64KiB", 65_536, "64KiB")]
    [InlineData("999999999GiB", 999_999_999L << 30, "999999999GiB")]
    public void A_size_is_read_and_written(string text, long bytes, string written)
    {
        SizeText.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(bytes);
        SizeText.Format(bytes).ShouldBe(written);
        SizeText.TryParse(written, out read).ShouldBeTrue();
        read.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("256")]
    [InlineData("MB")]
    [InlineData("-1MB")]
    [InlineData("1.5MB")]
    [InlineData("1  MB")]
    [InlineData("1MB\n")]
    [InlineData("1TB")]
    [InlineData("1000000000MB")]
    [InlineData(null)]
    public void What_is_no_size_is_refused(string? text) => SizeText.TryParse(text, out _).ShouldBeFalse();
}
