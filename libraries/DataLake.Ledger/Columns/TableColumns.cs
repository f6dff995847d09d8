using DataLake.Iceberg.Types;
using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Columns;

/// <summary>Gives the columns of a table their field ids: stable over renames, never used twice.</summary>
public sealed class TableColumns(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>
    /// The field ids of <paramref name="columns"/>, in their order. A column keeps its id while the source keeps its number (so a rename is
    /// known as one), or, where the source's table was made anew, while it keeps its name; any other column gets a new id. A source never gives a
    /// number twice, so one that was dropped and is seen again comes from a run that reads an older snapshot: it keeps its id as well. The elements
    /// of a list get an id of the same kind, when the column is first seen as one, and keep it with the column.
    /// </summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="sourceRelation">The source's identity of the table (PostgreSQL's relation OID).</param>
    /// <param name="columns">The columns as the run sees them.</param>
    /// <param name="cancellation">Stops the call; nothing is changed then.</param>
    public async Task<IReadOnlyList<FieldIds>> ResolveAsync(
        string pipeline, string table, long sourceRelation, IReadOnlyList<SourceColumn> columns, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(columns);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var tableId = (await LockAsync(context, pipeline, table, cancellation)).Id;
        var known = await context.Columns.Where(column => column.TableId == tableId).ToListAsync(cancellation);
        var live = known.Where(column => column.DroppedAt is null).ToList();
        var nextId = known.Select(column => Math.Max(column.FieldId, column.ElementId ?? 0)).DefaultIfEmpty(0).Max() + 1;
        var ids = new FieldIds[columns.Count];
        for (var position = 0; position < columns.Count; position++)
        {
            var column = columns[position];
            var found = known.Find(row => row.SourceRelation == sourceRelation && row.SourceNumber == column.Number)
                ?? live.Find(row => row.SourceRelation != sourceRelation && row.Name == column.Name);
            if (found is null)
            {
                found = new LakeColumn { TableId = tableId, FieldId = nextId++, Name = column.Name, SourceType = column.Type };
                context.Columns.Add(found);
            }

            live.Remove(found);
            found.Name = column.Name;
            found.Position = position + 1;
            found.SourceType = column.Type;
            found.LakeType = column.LakeType.ToString();
            found.IsList = column.IsList;
            found.Nullable = column.Nullable;
            found.SourceRelation = sourceRelation;
            found.SourceNumber = column.Number;
            found.DroppedAt = null;
            if (column.IsList)
            {
                found.ElementId ??= nextId++;
            }

            ids[position] = new FieldIds(found.FieldId, found.ElementId);
        }

        live.ForEach(column => column.DroppedAt = time.GetUtcNow());
        await context.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return ids;
    }

    /// <summary>The columns that files of a table have, as it was read last: what it is made with where no file says it. Null where it was never read.</summary>
    public async Task<Schema?> SchemaAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var columns = await context.Columns.AsNoTracking()
            .Where(column => column.DroppedAt == null && context.Tables.Any(row => row.Id == column.TableId && row.Pipeline == pipeline && row.Table == table))
            .OrderBy(column => column.Position).ToListAsync(cancellation);
        return columns.Count == 0 || columns.Exists(column => column.LakeType is null) ? null : new Schema(new StructType([.. columns.Select(Field)]));

        static NestedField Field(LakeColumn column)
        {
            var type = PrimitiveType.Parse(column.LakeType!);
            return new NestedField(column.FieldId, column.Name, column.IsList ? new ListType(column.ElementId!.Value, type, ElementRequired: false) : type, !column.Nullable);
        }
    }

    /// <summary>The table's row, made if need be, locked until the transaction of <paramref name="context"/> ends.</summary>
    private static async Task<LakeTable> LockAsync(LedgerContext context, string pipeline, string table, CancellationToken cancellation)
    {
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO datalake.lake_tables (id, pipeline, table_name)
            VALUES ({Guid.CreateVersion7()}, {pipeline}, {table})
            ON CONFLICT (pipeline, table_name) DO NOTHING
            """, cancellation);
        return await context.Tables
            .FromSql($"SELECT * FROM datalake.lake_tables WHERE pipeline = {pipeline} AND table_name = {table} FOR UPDATE")
            .SingleAsync(cancellation);
    }
}
