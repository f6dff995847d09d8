using System.Text.RegularExpressions;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;

namespace DataLake.Aws.Glue;

/// <summary>Which names Glue keeps as they are, and which of them every engine on it can say.</summary>
internal static partial class GlueNames
{
    private const int LongestDatabase = 252, LongestTable = 255;

    /// <summary>Refuses what Glue would not find, or find under another name: it turns capitals into small letters.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>.</exception>
    public static void RequireReadable(TableIdentifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        foreach (var name in (string[])[identifier.Namespace, identifier.Name])
        {
            if (name.Length is 0 or > LongestTable || name.Any(letter => char.IsUpper(letter) || char.IsControl(letter)))
                throw new IcebergException(
                    IcebergErrorKind.Invalid, $"Glue has no name like '{name}' of {identifier}: a name has 1 to {LongestTable} characters and no capitals. Write it in small letters.");
        }
    }

    /// <summary>Refuses what a new table cannot be called: engines such as Athena want small letters, digits and underscores.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>.</exception>
    public static void RequireCreatable(TableIdentifier identifier)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        if (!Plain().IsMatch(identifier.Namespace) || !Plain().IsMatch(identifier.Name) || identifier.Namespace.Length > LongestDatabase || identifier.Name.Length > LongestTable)
        {
            throw new IcebergException(
                IcebergErrorKind.Invalid,
                $"{identifier} cannot be created in Glue: a database has 1 to {LongestDatabase} and a table 1 to {LongestTable} small letters (a to z), digits and underscores. " +
                $"Give the table such a name in its definition.");
        }
    }

    [GeneratedRegex("^[a-z0-9_]+\\z")]
    private static partial Regex Plain();
}
