using System.Globalization;
using DataLake.Cli.Output;
using DataLake.Contracts;

namespace DataLake.Cli.Commands;

/// <summary>Instants as people type them.</summary>
internal static class Instants
{
    /// <exception cref="Failure">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text, string option) =>
        text == "beginning" ? Window.Beginning
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant) ? instant
        : throw new Failure($"{option}: '{text}' is not a time; write 2026-03-01 or 2026-03-01T12:00:00Z.");
}
