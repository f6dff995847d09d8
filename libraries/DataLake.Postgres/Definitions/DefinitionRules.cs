using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Windows;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Definitions;

/// <summary>What a table's definition means for reading it from PostgreSQL. The one place where the two meet.</summary>
public static class DefinitionRules
{
    /// <summary>How its columns are kept.</summary>
    public static ColumnRules ColumnsOf(TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new ColumnRules
        {
            Key = table.Key,
            Masks = table.Sensitive.ToDictionary(sensitive => sensitive.Column, sensitive => new ColumnMaskRule(MaskOf(sensitive.Mask), sensitive.By)),
            Policies = new TypePolicies
            {
                DecimalScale = table.Types.DecimalScale,
                Nan = table.Types.Nan == NanPolicy.Null ? NotFinite.Null : NotFinite.Refuse,
                Infinity = table.Types.Infinity switch
                {
                    InfinityPolicy.Null => NotFinite.Null,
                    InfinityPolicy.Text => NotFinite.Text,
                    _ => NotFinite.Refuse,
                },
                Arrays = table.Types.Arrays == ArrayPolicy.List ? ArrayForm.List : ArrayForm.Text,
            },
        };
    }

    /// <summary>How a read of it is cut into chunks.</summary>
    public static ChunkRule ChunksOf(TableDefinition table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var hidden = table.Sensitive.Select(sensitive => sensitive.Column).ToList();
        return table.Chunks switch
        {
            ChunkingDefinition.Count count => new ChunkRule.Count(count.Chunks) { Hidden = hidden },
            ChunkingDefinition.Bounds bounds => new ChunkRule.Bounds(bounds.Column, bounds.Lower, bounds.Upper, bounds.Chunks),
            _ => new ChunkRule.Automatic { Hidden = hidden },
        };
    }

    /// <summary>The condition on its cursor that a window means; null where it has no cursor and is read whole.</summary>
    /// <exception cref="Errors.SourceException">The cursor is not there, or does not order rows in time.</exception>
    public static CursorRange? RangeOf(PipelineDefinition pipeline, TableDefinition table, SourceTable source, Window window)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(table);
        if (table.Cursor is not { } cursor)
        {
            return null;
        }

        var zone = cursor.TimeZone ?? pipeline.TimeZone;
        return CursorRange.Of(source, cursor.Column, window, instant => LocalCursor.ToLocal(instant, zone));
    }

    private static ColumnMask MaskOf(Mask mask) => mask switch
    {
        Mask.Hash => ColumnMask.Hash,
        Mask.Redact => ColumnMask.Redact,
        Mask.Partial => ColumnMask.Partial,
        Mask.DateShift => ColumnMask.DateShift,
        _ => ColumnMask.Null,
    };
}
