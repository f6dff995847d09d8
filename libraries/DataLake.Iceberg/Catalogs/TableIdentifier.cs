namespace DataLake.Iceberg.Catalogs;

/// <summary>The name of a table in a catalog.</summary>
/// <param name="Namespace">The namespace: one level, as DataLake makes them. Catalogs of others can have several, which are joined by points.</param>
/// <param name="Name">The table's name in it.</param>
public sealed record TableIdentifier(string Namespace, string Name)
{
    /// <summary>The namespace and the name, joined by a point.</summary>
    public override string ToString() => $"{Namespace}.{Name}";
}
