using System.Globalization;

namespace DataLake.Notifier.Channels.Smtp;

/// <summary>A reply of a mail server (RFC 5321, section 4.2): a code of three digits, and lines of text.</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    /// <summary>Done (2xx).</summary>
    public bool IsDone => Code is >= 200 and < 300;

    /// <summary>Go on (3xx): the server waits for more.</summary>
    public bool WantsMore => Code is >= 300 and < 400;

    /// <summary>Reads one line of a reply: its code, its text, and whether it is the last. False where it is none.</summary>
    public static bool TryReadLine(string line, out int code, out string text, out bool isLast)
    {
        text = line.Length > 4 ? line[4..] : "";
        isLast = line.Length == 3 || (line.Length > 3 && line[3] == ' ');
        code = 0;
        return line.Length >= 3 && int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out code) && (isLast || line[3] == '-');
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {string.Join(' ', Lines)}");
}
