namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>Tables as they were last loaded, with the version that the server gave them, so that it need not send what has not changed. A few, and none that is large or that lends credentials, which expire.</summary>
internal sealed class LoadedTables
{
    private const int Most = 32, LargestBytes = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<TableIdentifier, (string ETag, CatalogTable Table)> tables = [];
    private readonly Queue<TableIdentifier> order = [];

    public (string ETag, CatalogTable Table)? Find(TableIdentifier identifier)
    {
        lock (gate) return tables.TryGetValue(identifier, out var found) ? found : null;
    }

    public void Keep(CatalogTable table, RestAnswer answer)
    {
        lock (gate)
        {
            if (answer.ETag is null || answer.Body.Length > LargestBytes || !table.Access.IsEmpty)
            {
                tables.Remove(table.Identifier);
                return;
            }

            if (!order.Contains(table.Identifier)) order.Enqueue(table.Identifier);
            tables[table.Identifier] = (answer.ETag, table);
            if (order.Count > Most) tables.Remove(order.Dequeue());
        }
    }
}
