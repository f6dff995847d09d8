using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Values;

public sealed class BoundTruncationTests
{
    [Theory]
    [InlineData("iceberg", 16, "iceberg", "iceberg")]
    [InlineData("iceberg", 3, "ice", "icf")]
    [InlineData("ab\U0010FFFF\U0010FFFFz", 4, "ab\U0010FFFF\U0010FFFF", "ac")]
    [InlineData("\U0010FFFF\U0010FFFFz", 2, "\U0010FFFF\U0010FFFF", null)]
    [InlineData("a\uD7FFz", 2, "a\uD7FF", "a\uE000")]
    [InlineData("\U0001F600\U0001F600\U0001F600", 2, "\U0001F600\U0001F600", "\U0001F600\U0001F601")]
    [InlineData("\u007Fz", 1, "\u007F", "\u0080")]
    [InlineData("", 16, "", "")]
    public void Text_is_cut_at_code_points_and_upper_bounds_are_raised(string text, int length, string lower, string? upper)
    {
        Encoding.UTF8.GetString(BoundTruncation.LowerText(Encoding.UTF8.GetBytes(text), length)!).ShouldBe(lower);
        var bound = BoundTruncation.UpperText(Encoding.UTF8.GetBytes(text), length);
        (bound is null ? null : Encoding.UTF8.GetString(bound)).ShouldBe(upper);
    }

    [Fact]
    public void Bytes_are_cut_and_upper_bounds_are_raised()
    {
        BoundTruncation.LowerBytes([1, 2, 3], 2).ShouldBe([1, 2]);
        BoundTruncation.UpperBytes([1, 2, 3], 2).ShouldBe([1, 3]);
        BoundTruncation.UpperBytes([1, 0xFF, 3], 2).ShouldBe([2]);
        BoundTruncation.UpperBytes([0xFF, 0xFF, 3], 2).ShouldBeNull();
        BoundTruncation.UpperBytes([0xFF, 0xFF], 2).ShouldBe([0xFF, 0xFF]);
    }

    [Fact]
    public void Text_that_is_not_utf_8_has_no_bounds()
    {
        BoundTruncation.LowerText([0xC3, 0x28]).ShouldBeNull();
        BoundTruncation.UpperText([0xC3, 0x28]).ShouldBeNull();
    }

    [Fact]
    public void Bounds_hold_for_every_text_and_every_binary()
    {
        var random = new Random(3);
        int[] telling = ['a', 'b', 0x7F, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => new Rune(telling[random.Next(telling.Length)]).ToString()));
            var utf8 = Encoding.UTF8.GetBytes(text);
            var length = random.Next(1, 5);
            Compare(BoundTruncation.LowerText(utf8, length)!, utf8).ShouldBeLessThanOrEqualTo(0);
            if (BoundTruncation.UpperText(utf8, length) is { } upper)
            {
                Compare(upper, utf8).ShouldBeGreaterThanOrEqualTo(0);
                SingleValueBinary.Read(PrimitiveType.String, upper).AsString().EnumerateRunes().Count().ShouldBeLessThanOrEqualTo(length);
            }

            var bytes = new byte[random.Next(6)];
            for (var n = 0; n < bytes.Length; n++) bytes[n] = random.Next(2) == 0 ? (byte)0xFF : (byte)random.Next(256);
            Compare(BoundTruncation.LowerBytes(bytes, length), bytes).ShouldBeLessThanOrEqualTo(0);
            if (BoundTruncation.UpperBytes(bytes, length) is { } upperBytes) Compare(upperBytes, bytes).ShouldBeGreaterThanOrEqualTo(0);
        }

        static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);
    }
}
