using System.Diagnostics.CodeAnalysis;
using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Catalogs;

/// <summary>
/// The table metadata of the files that were used last, by their location: such a file never changes, so what was read once need not be read again. Without it every commit reads what the one before it has
/// written.
/// </summary>
/// <param name="mostBytes">The bytes of their files together; in memory they take about four times that.</param>
internal sealed class RecentMetadata(long mostBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> byLocation = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> oldestFirst = new();
    private long bytes;

    public bool TryGet(string location, [NotNullWhen(true)] out TableMetadata? table)
    {
        lock (gate)
        {
            table = null;
            if (!byLocation.TryGetValue(location, out var node)) return false;
            oldestFirst.Remove(node);
            oldestFirst.AddLast(node);
            table = node.Value.Table;
            return true;
        }
    }

    public void Put(string location, TableMetadata table, long fileBytes)
    {
        lock (gate)
        {
            Remove(location);
            if (fileBytes > mostBytes) return;
            byLocation[location] = oldestFirst.AddLast(new Entry(location, table, fileBytes));
            bytes += fileBytes;
            while (bytes > mostBytes) Remove(oldestFirst.First!.Value.Location);
        }
    }

    public void Remove(string location)
    {
        lock (gate)
        {
            if (!byLocation.Remove(location, out var node)) return;
            oldestFirst.Remove(node);
            bytes -= node.Value.FileBytes;
        }
    }

    private sealed record Entry(string Location, TableMetadata Table, long FileBytes);
}
