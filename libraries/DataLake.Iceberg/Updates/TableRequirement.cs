using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Updates;

/// <summary>
/// What a commit was built on; where it no longer holds, somebody else committed first. The kinds are those of the REST catalog's <c>TableRequirement</c>
/// (<see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">REST catalog</see>).
/// </summary>
public abstract record TableRequirement
{
    private TableRequirement()
    {
    }

    /// <summary>Fails when the table is not what the commit was built on.</summary>
    /// <param name="table">The table now, or null when there is none.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>.</exception>
    public void Check(TableMetadata? table)
    {
        if (Conflict(table) is { } conflict)
            throw new IcebergException(IcebergErrorKind.CommitConflict, $"The commit does not fit the table any more: {conflict}. Load the table again and repeat the operation.");
    }

    private protected abstract string? Conflict(TableMetadata? table);

    private static string? Compare(TableMetadata? table, string what, object? wanted, Func<TableMetadata, object?> found) =>
        table is null ? "the table does not exist" : Equals(wanted, found(table)) ? null : $"{what} is {found(table) ?? "not there"} and was to be {wanted ?? "not there"}";

    /// <summary><c>assert-create</c>: there is no table yet.</summary>
    public sealed record AssertCreate : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => table is null ? null : "the table exists already";
    }

    /// <summary><c>assert-table-uuid</c>: it is still the same table.</summary>
    /// <param name="Uuid">Its id.</param>
    public sealed record AssertTableUuid(Guid Uuid) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the table's uuid", Uuid, now => now.TableUuid);
    }

    /// <summary><c>assert-ref-snapshot-id</c>: a branch or tag still points where it did.</summary>
    /// <param name="Ref">The name.</param>
    /// <param name="SnapshotId">The snapshot; null where the reference must not exist.</param>
    public sealed record AssertRefSnapshotId(string Ref, long? SnapshotId) : TableRequirement
    {
        // A table that is being created has no references, as this may ask.
        private protected override string? Conflict(TableMetadata? table) =>
            table is null && SnapshotId is null ? null : Compare(table, $"the snapshot of '{Ref}'", SnapshotId, now => now.Refs.GetValueOrDefault(Ref)?.SnapshotId);
    }

    /// <summary><c>assert-last-assigned-field-id</c>: nobody added columns.</summary>
    /// <param name="LastAssignedFieldId">The last column id.</param>
    public sealed record AssertLastAssignedFieldId(int LastAssignedFieldId) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the last column id", LastAssignedFieldId, now => now.LastColumnId);
    }

    /// <summary><c>assert-current-schema-id</c>: nobody changed the schema.</summary>
    /// <param name="CurrentSchemaId">The current schema.</param>
    public sealed record AssertCurrentSchemaId(int CurrentSchemaId) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the current schema", CurrentSchemaId, now => now.CurrentSchemaId);
    }

    /// <summary><c>assert-last-assigned-partition-id</c>: nobody added partition fields.</summary>
    /// <param name="LastAssignedPartitionId">The last partition field id.</param>
    public sealed record AssertLastAssignedPartitionId(int LastAssignedPartitionId) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the last partition field id", LastAssignedPartitionId, now => now.LastPartitionId);
    }

    /// <summary><c>assert-default-spec-id</c>: nobody changed the partitioning.</summary>
    /// <param name="DefaultSpecId">The default spec.</param>
    public sealed record AssertDefaultSpecId(int DefaultSpecId) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the default partition spec", DefaultSpecId, now => now.DefaultSpecId);
    }

    /// <summary><c>assert-default-sort-order-id</c>: nobody changed the sort order.</summary>
    /// <param name="DefaultSortOrderId">The default sort order.</param>
    public sealed record AssertDefaultSortOrderId(int DefaultSortOrderId) : TableRequirement
    {
        private protected override string? Conflict(TableMetadata? table) => Compare(table, "the default sort order", DefaultSortOrderId, now => now.DefaultSortOrderId);
    }
}
