using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Definitions;

/// <summary>What a table's definition means for reading it from PostgreSQL. The one place where the two meet.</summary>
public static class DefinitionRules
{
    /// <summary>The connections to what is read of a pipeline's source: its replica, where it has one.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="connection">The connection string that its <c>connection</c> refers to.</param>
    /// <param name="replica">The one that its <c>replica</c> refers to; null where it has none.</param>
    /// <param name="applicationName">What the server's administrators see (<see cref="ApplicationName"/>).</param>
    /// <exception cref="SourceException">A connection string cannot be read.</exception>
    public static SourceConnections ConnectionsOf(PipelineDefinition pipeline, string connection, string? replica, string applicationName)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        var primary = new SourceConnections(connection, pipeline.Source.MaxConnections, applicationName);
        return replica is null ? primary : new SourceConnections(replica, pipeline.Source.MaxConnections, applicationName, primary);
    }

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
    public static CursorRange? RangeOf(TableDefinition table, SourceTable source, Window window)
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.Cursor is { } cursor ? CursorRange.Of(source, cursor.Column, window, cursor.LocalBound) : null;
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
