using System.Globalization;
using DataLake.Contracts;

namespace DataLake.Cli.Output;

/// <summary>Instants as people type them.</summary>
internal static class Instants
{
    /// <exception cref="Failure">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text, string option) =>
        text == "beginning" ? Window.Beginning
        : TryParse(text, out var instant) ? instant
        : throw new Failure($"{option}: '{text}' is not a time; write 2026-03-01 or 2026-03-01T12:00:00Z.");

    /// <summary>Reads a time; one without a zone is UTC.</summary>
    public static bool TryParse(string text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>An instant as <see cref="Parse"/> reads it back, to the tick.</summary>
    public static string Format(DateTimeOffset instant) =>
        instant == Window.Beginning ? "beginning" : instant.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
