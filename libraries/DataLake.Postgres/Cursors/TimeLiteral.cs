using System.Globalization;

namespace DataLake.Postgres.Cursors;

/// <summary>Times as SQL literals, in PostgreSQL's resolution of a microsecond.</summary>
internal static class TimeLiteral
{
    private const string Form = "yyyy-MM-dd HH:mm:ss.ffffff";

    /// <summary>An instant.</summary>
    internal static string Of(DateTimeOffset instant) => $"timestamptz '{instant.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture)}+00'";

    /// <summary>A local time.</summary>
    internal static string Of(DateTime local) => $"timestamp '{local.ToString(Form, CultureInfo.InvariantCulture)}'";
}
