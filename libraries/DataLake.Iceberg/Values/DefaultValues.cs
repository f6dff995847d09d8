using System.Text;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Values;

/// <summary>Default values of fields (<see href="https://iceberg.apache.org/spec/#default-values">Default values</see>, version 3). They are kept as the JSON they were written in.</summary>
public static class DefaultValues
{
    private const string Initial = "initial-default", Written = "write-default";

    /// <summary>Whether rows of files that were written before the field was there have a value of it.</summary>
    public static bool HasInitial(NestedField field) => InitialTextOf(field) is not null;

    /// <summary>What rows of files that were written before the field was there have in it; null where nothing is said.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: it is no value of the field's type. <see cref="IcebergErrorKind.Unsupported"/>: the field is a struct, list or map.</exception>
    public static IcebergValue InitialOf(NestedField field) => ValueOf(field, Initial);

    /// <summary>What a writer that has no value of the field writes; null where nothing is said.</summary>
    /// <exception cref="IcebergException">As for the initial default.</exception>
    public static IcebergValue WrittenOf(NestedField field) => ValueOf(field, Written);

    /// <summary>The JSON text of the initial default; null where it is null or missing.</summary>
    internal static string? InitialTextOf(NestedField field) => TextOf(field, Initial);

    private static IcebergValue ValueOf(NestedField field, string name) => (TextOf(field, name), field.Type) switch
    {
        (null, _) => IcebergValue.Null,
        (var text, PrimitiveType type) => SingleValueJson.Parse(type, Encoding.UTF8.GetBytes(text)),
        var (text, type) => throw IcebergException.Unsupported($"The field '{field.Name}' is {type} and has the {name} {text}, and only defaults of primitive fields are applied here; use an engine that does."),
    };

    private static string? TextOf(NestedField field, string name)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.Unknown.TextOf(name) is { } text and not "null" ? text : null;
    }
}
