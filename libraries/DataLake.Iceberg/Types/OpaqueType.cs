namespace DataLake.Iceberg.Types;

/// <summary>
/// A type of version 3 that schemas keep as it was written, and values are not read or written of: <c>variant</c>, <c>geometry</c>, <c>geography</c>, and <c>unknown</c>, which has none but nulls. Rows are read
/// where their files do not have the column.
/// </summary>
public sealed record OpaqueType : IcebergType
{
    private static readonly string[] Names = ["unknown", "variant", "geometry", "geography"];

    private readonly string text;

    private OpaqueType(string text) => this.text = text;

    /// <summary>The type with this JSON form, or null where it is another one.</summary>
    public static OpaqueType? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var end = text.IndexOf('(', StringComparison.Ordinal);
        var name = end < 0 ? text : text[..end].TrimEnd();
        return Names.Contains(name) && (end < 0 || (name.StartsWith("geo", StringComparison.Ordinal) && text.EndsWith(')'))) ? new OpaqueType(text) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => text;
}
