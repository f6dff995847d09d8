using DataLake.Contracts;
using DataLake.Parquet.Schema;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Definitions;

/// <summary>Whether a definition fits the table that the source has now. Whatever would lose or mix up rows is refused before the first one is read.</summary>
public static class TableFit
{
    /// <summary>Whether the source has what the definition names, and its key is one.</summary>
    /// <exception cref="SourceException">It does not fit; the message says what to change.</exception>
    public static void Check(SourceTable source, TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(table);
        foreach (var (column, use) in table.Key.Select(column => (column, "key"))
            .Concat(table.Sensitive.Select(sensitive => (sensitive.Column, "sensitive"))).Concat(table.Files.BloomFilters.Select(column => (column, "bloom_filters")))
            .Concat(table.Iceberg.PartitionBy.Select(part => (part.Column, "partition_by"))).Concat(table.Iceberg.SortBy.Select(sort => (sort.Column, "sort_by"))))
        {
            if (source.Find(column) is null)
            {
                throw new SourceException(SourceErrorKind.Missing,
                    $"{source.Name} has no column {column}, which the definition names under '{use}'. It has: {string.Join(", ", source.Columns.Select(known => known.Name).Take(40))}. Correct the name (case counts).");
            }
        }

        // A view cannot have a unique index: there the definition is trusted.
        var isTable = source.Kind is 'r' or 'p' or 'm';
        if (isTable && table.Write == WriteMode.Upsert && !source.UniqueKeys.Any(unique => unique.All(table.Key.Contains)))
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"The key ({string.Join(", ", table.Key)}) of {source.Name} is not unique in the source: no unique index over NOT NULL columns covers it, so two rows could be taken for one. " +
                $"{(source.UniqueKeys.Count > 0 ? $"Unique are: {string.Join("; ", source.UniqueKeys.Select(unique => string.Join(", ", unique)))}. Name those as the key" : "Add a primary key to the table")}, or write 'write: append'.");
        }
    }

    /// <summary>Whether every Bloom filter that the definition asks for can be made.</summary>
    /// <exception cref="SourceException">One cannot; the message says what to change.</exception>
    public static void CheckBloomFilters(SourceTable source, TableDefinition table, IReadOnlyList<ColumnMapping> mappings)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(mappings);
        foreach (var mapping in mappings.Where(mapping => mapping.Column.PhysicalType == PhysicalType.Boolean && table.Files.BloomFilters.Contains(mapping.Name)))
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"The column {mapping.Name} of {source.Name} is of type {source.Find(mapping.Name)!.Type}, and Parquet has no Bloom filters for truth values. Leave it out of 'bloom_filters'.");
        }
    }
}
