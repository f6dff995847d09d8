using System.Globalization;
using System.Text;
using DataLake.Notifier.Composition;

namespace DataLake.Notifier.Channels.Smtp;

/// <summary>A message as a mail (RFC 5322): headers in ASCII, and the body as UTF-8 in Base64, which no server on the way can break.</summary>
internal static class MailText
{
    // Bytes in one encoded word: 48 characters of Base64, so that with the header's name a line stays below the 76 allowed.
    private const int LongestWord = 36;

    /// <summary>The mail, with CR LF line ends.</summary>
    /// <param name="message">What is told.</param>
    /// <param name="from">The sender's address, see <see cref="IsAddress"/>.</param>
    /// <param name="to">The receivers' addresses.</param>
    /// <param name="date">Now.</param>
    public static string Write(NoticeMessage message, string from, IReadOnlyList<string> to, DateTimeOffset date)
    {
        var mail = new StringBuilder();
        Header("Date", date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
        Header("From", $"DataLake <{from}>");
        Header("To", string.Join(",\r\n ", to));
        Header("Subject", EncodeWords(message.Subject));
        // The same for every try, so that a mail that came twice shows once.
        Header("Message-ID", $"<{message.NoticeId:n}.datalake{from[from.IndexOf('@', StringComparison.Ordinal)..]}>");
        Header("Auto-Submitted", "auto-generated");
        Header("X-DataLake-Event", NoticeJson.EventName(message));
        Header("X-DataLake-Notice", message.NoticeId.ToString());
        Header("MIME-Version", "1.0");
        Header("Content-Type", "text/plain; charset=utf-8");
        Header("Content-Transfer-Encoding", "base64");
        var body = NoticeBody.Write(message).ReplaceLineEndings("\r\n");
        return mail.Append("\r\n").Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(body), Base64FormattingOptions.InsertLineBreaks)).Append("\r\n").ToString();

        void Header(string name, string value) => mail.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
    }

    /// <summary>Whether a text is a mail address and nothing else: it cannot end a line or a bracket, and needs no extension of SMTP.</summary>
    public static bool IsAddress(string text) =>
        text.Count(character => character == '@') == 1 && text[0] != '@' && text[^1] != '@'
        && text.All(character => character is > ' ' and < '\x7f' && !"<>()[],;:\\\"".Contains(character, StringComparison.Ordinal));

    /// <summary>Text for a header: as it is where it is plain ASCII, else as encoded words (RFC 2047), folded. Control characters become spaces.</summary>
    public static string EncodeWords(string text)
    {
        var line = ShownText.Line(text);
        if (line.All(character => character is >= ' ' and < '\x7f') && !line.Contains("=?", StringComparison.Ordinal))
        {
            return line;
        }

        var words = new List<string>();
        var word = new List<byte>();
        Span<byte> encoded = stackalloc byte[4];
        foreach (var rune in line.EnumerateRunes())
        {
            var bytes = encoded[..rune.EncodeToUtf8(encoded)];
            if (word.Count + bytes.Length > LongestWord)
            {
                EndWord();
            }

            word.AddRange(bytes);
        }

        EndWord();
        return string.Join("\r\n ", words);

        void EndWord()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
            word.Clear();
        }
    }
}
