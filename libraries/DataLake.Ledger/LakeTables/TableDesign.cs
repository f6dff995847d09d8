using System.Globalization;
using DataLake.Iceberg;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Pipelines.Definitions;

namespace DataLake.Ledger.LakeTables;

/// <summary>What a definition asks of its Iceberg table, as changes of the table's metadata. The one place where the two meet.</summary>
public static class TableDesign
{
    // Which properties the definition set, so that those go when it does not say them any more, and what others set stays.
    private const string DefinedProperty = "datalake.defined-properties";

    /// <summary>How the table's files are to be.</summary>
    public static TableLayout LayoutOf(TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new TableLayout(
            [.. table.Iceberg.PartitionBy.Select(part => new LayoutPartition(part.Column, Transform.Parse(part.Transform)))],
            [.. table.Iceberg.SortBy.Select(sort => new LayoutSort(
                sort.Column, sort.IsDescending ? SortDirection.Descending : SortDirection.Ascending, sort.NullsFirst ? NullOrder.NullsFirst : NullOrder.NullsLast))]);
    }

    /// <summary>What makes a table as its definition asks; none where it is so already.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The definition.</param>
    /// <param name="metadata">The table, with the schema of new files.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: what is asked does not fit the columns.</exception>
    public static IReadOnlyList<TableUpdate> Updates(string pipeline, TableDefinition table, TableMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(metadata);
        return
        [
            .. table.Iceberg.FormatVersion > metadata.FormatVersion ? [new TableUpdate.UpgradeFormatVersion(table.Iceberg.FormatVersion)] : (TableUpdate[])[],
            .. LayoutOf(table).Updates($"{pipeline} {table.Table}", metadata),
            .. RetentionUpdates(table, metadata),
        ];
    }

    /// <summary>What makes a table keep of its past what its definition says. The properties are Iceberg's own where it has one, so that maintenance by other engines keeps to them too.</summary>
    public static IReadOnlyList<TableUpdate> RetentionUpdates(TableDefinition table, TableMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(metadata);
        var wanted = new Dictionary<string, string>();
        if (table.Iceberg.Snapshots.For is { } age) wanted[ExpiryOptions.MaxAgeProperty] = ((long)age.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        if (table.Iceberg.Snapshots.Keep is { } keep) wanted[ExpiryOptions.MaxSnapshotsProperty] = keep.ToString(CultureInfo.InvariantCulture);
        if (wanted.Count > 0) wanted[DefinedProperty] = string.Join(',', wanted.Keys.Order(StringComparer.Ordinal));
        var gone = (metadata.Properties.GetValueOrDefault(DefinedProperty) is { } before ? before.Split(',').Append(DefinedProperty) : []).Where(key => !wanted.ContainsKey(key)).ToList();
        var changed = wanted.Where(entry => metadata.Properties.GetValueOrDefault(entry.Key) != entry.Value).ToDictionary();
        return [.. gone.Count > 0 ? [new TableUpdate.RemoveProperties(gone)] : (TableUpdate[])[], .. changed.Count > 0 ? [new TableUpdate.SetProperties(changed)] : (TableUpdate[])[]];
    }

    /// <summary>Whether a table of these columns can be made as its definition asks.</summary>
    /// <returns>The table as it would be made.</returns>
    /// <exception cref="IcebergException">It cannot; the message says what to change.</exception>
    public static TableMetadata Check(string pipeline, TableDefinition table, Schema columns)
    {
        ArgumentNullException.ThrowIfNull(table);
        var made = new MetadataChange(0, null);
        var plain = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///", columns), made);
        return TableMetadataUpdates.Apply(plain, Updates(pipeline, table, plain), made);
    }
}
