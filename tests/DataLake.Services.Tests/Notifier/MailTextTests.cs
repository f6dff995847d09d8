using System.Text;
using DataLake.Notifier.Channels.Smtp;
using DataLake.Notifier.Composition;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace DataLake.Services.Tests.Notifier;

public sealed class MailTextTests
{
    [Theory]
    [InlineData("lake@example.org", true)]
    [InlineData("first.last+lake@mail.example.org", true)]
    [InlineData("a@b", true)]
    [InlineData("no address", false)]
    [InlineData("@example.org", false)]
    [InlineData("lake@", false)]
    [InlineData("a@b@c", false)]
    [InlineData("a@b\r\nBcc: all@example.org", false)]
    [InlineData("a@b\nRCPT TO:<x@y>", false)]
    [InlineData("a@b> SIZE=1", false)]
    [InlineData("a@b,c", false)]
    [InlineData("Lake <a@b>", false)]
    [InlineData("jürgen@example.org", false)]
    public void Only_a_plain_address_is_one(string text, bool isAddress) => MailText.IsAddress(text).ShouldBe(isAddress);

    [Fact]
    public void Plain_text_stays_as_it_is_in_a_header() => MailText.EncodeWords("[DataLake] FAILED a.b").ShouldBe("[DataLake] FAILED a.b");

    [Fact]
    public void Text_that_looks_like_an_encoded_word_is_encoded() => MailText.EncodeWords("=?utf-8?B?eA==?=").ShouldNotContain("eA==");

    [Fact]
    public void A_line_end_cannot_start_another_header() =>
        MailText.EncodeWords("a\r\nBcc: all@example.org").ShouldBe("a Bcc: all@example.org");

    [Fact]
    public void Any_text_is_ASCII_in_a_header_and_can_be_read_back() => Prop.ForAll<string>(text =>
    {
        var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));

        var header = MailText.EncodeWords(whole);

        header.ShouldAllBe(character => character < '\x7f' && (character >= ' ' || character == '\r' || character == '\n'));
        header.Split("\r\n").Skip(1).ShouldAllBe(line => line.StartsWith(' '));
        var read = header.StartsWith("=?utf-8?B?", StringComparison.Ordinal)
            ? string.Concat(header.Split("\r\n ").Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word[10..^2]))))
            : header;
        read.ShouldBe(ShownText.Line(whole));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_line_is_read_as_a_reply_or_is_none() => Prop.ForAll<string>(line =>
    {
        var isReply = SmtpReply.TryReadLine(line ?? "", out var code, out _, out _);

        (isReply ? code is >= 0 and <= 999 : true).ShouldBeTrue();
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Long_text_is_folded_into_words_of_at_most_75_characters_that_do_not_split_a_character()
    {
        var text = string.Concat(Enumerable.Repeat("größte Menge 🚢 ", 12)).Trim();

        var lines = MailText.EncodeWords(text).Split("\r\n");

        lines.Length.ShouldBeGreaterThan(1);
        lines.Skip(1).ShouldAllBe(line => line.StartsWith(" =?", StringComparison.Ordinal));
        lines.ShouldAllBe(line => line.Trim().Length <= 75);
        var words = lines.Select(line => line.Trim()[10..^2]).Select(word => new System.Text.UTF8Encoding(false, true).GetString(Convert.FromBase64String(word)));
        string.Concat(words).ShouldBe(text);
    }
}
