using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Yaml;
using DataLake.Pipelines.Zones;

namespace DataLake.Pipelines.Parsing;

/// <summary>Makes one table's definition from its own keys and the shared ones, and checks the rules between them.</summary>
/// <param name="own">The table's keys.</param>
/// <param name="shared">The keys under <c>defaults</c>, if there are any.</param>
/// <param name="pipeline">The pipeline's keys.</param>
/// <param name="zone">The pipeline's time zone.</param>
/// <param name="problems">Where to say what is wrong.</param>
internal sealed class TableBuilder(MappingReader own, MappingReader? shared, MappingReader pipeline, TimeZoneInfo zone, ProblemList problems)
{
    private static readonly Key[] NeedCursor = [TableKeys.Window, TableKeys.Start, TableKeys.Lag, TableKeys.Lookback];

    /// <summary>The definition, or null where something it cannot do without is missing or unusable.</summary>
    public TableDefinition? Build()
    {
        var hasCursor = own.Has(TableKeys.Cursor);
        var cursor = own.TryGet(TableKeys.Cursor, out var found) ? new CursorDefinition(found.Column, found.TimeZone ?? zone) : null;
        IReadOnlyList<Placed<string>> key = own.Get(TableKeys.KeyColumns, []);
        var sensitive = Get(TableKeys.Sensitive, []);
        var write = Get(TableKeys.Write, DefinitionDefaults.Write(hasCursor, own.Has(TableKeys.KeyColumns)));

        CheckCursor(hasCursor);
        CheckWrite(write, hasCursor);
        CheckMasks(sensitive, cursor, key);
        var files = FileKeys.Of(own, shared);
        CheckBloomFilters(files, sensitive);
        var iceberg = IcebergKeys.Of(own, shared);
        CheckIceberg(iceberg, write, sensitive);
        if (!IsSet(TableKeys.Schedule))
        {
            problems.Add(own.At, "this table has no schedule; add for example 'schedule: rate(5 minutes)' here or under 'defaults'");
        }

        if (!own.IsComplete || !TryGet(TableKeys.Schedule, out var schedule))
        {
            return null;
        }

        return new TableDefinition
        {
            Table = own.Required(TableKeys.Table),
            Schedule = schedule,
            Cursor = cursor,
            Key = [.. key.Select(column => column.Value)],
            Window = hasCursor && TryGet(TableKeys.Window, out var window) ? window : null,
            Start = hasCursor && TryGet(TableKeys.Start, out var start) ? InstantOf(start) : null,
            Lag = Get(TableKeys.Lag, DefinitionDefaults.Lag),
            Lookback = hasCursor ? Get(TableKeys.Lookback, DefinitionDefaults.Lookback) : DefinitionDefaults.Lookback,
            Write = write,
            Chunks = own.Get(TableKeys.Chunks, DefinitionDefaults.Chunks),
            Concurrency = (int)Get(TableKeys.Concurrency, DefinitionDefaults.Concurrency),
            Retries = (int)Get(TableKeys.Retries, DefinitionDefaults.Retries),
            RetryDelay = Get(TableKeys.RetryDelay, DefinitionDefaults.RetryDelay),
            Timeout = Get(TableKeys.Timeout, DefinitionDefaults.Timeout),
            LateAfter = TryGet(TableKeys.LateAfter, out var lateAfter) ? lateAfter : null,
            Sensitive = [.. sensitive.Select(column => column.Value)],
            Types = TypeKeys.Of(own, pipeline),
            Files = files,
            Iceberg = iceberg,
        };
    }

    // What 'defaults' says of windows simply does not concern a table that is always read whole.
    private void CheckCursor(bool hasCursor)
    {
        if (hasCursor)
        {
            return;
        }

        foreach (var key in NeedCursor.Where(own.Has))
        {
            problems.Add(own.AtOf(key),
                $"'{key.Name}' needs a cursor; add 'cursor: <column>', or leave '{key.Name}' out: without a cursor each run reads the whole table");
        }
    }

    private void CheckWrite(WriteMode write, bool hasCursor)
    {
        var hasKey = own.Has(TableKeys.KeyColumns);
        if (write == WriteMode.Upsert && !hasKey)
        {
            AddAt(TableKeys.Write, "upsert needs a key; add 'key: [<columns>]', or write: append");
        }

        if (write == WriteMode.Replace && hasCursor)
        {
            AddAt(TableKeys.Write,
                "with a cursor a run reads one window, and 'replace' would make it the whole table; write upsert or append, or leave the cursor out");
        }

        if (hasCursor && Get(TableKeys.Lookback, TimeSpan.Zero) > TimeSpan.Zero && write != WriteMode.Upsert)
        {
            AddAt(TableKeys.Lookback, hasKey
                ? "lookback reads rows a second time, and only write: upsert removes the doubles; change 'write', or set lookback: 0s"
                : "lookback reads rows a second time, and needs a key to remove the doubles; add 'key: [<columns>]', or set lookback: 0s");
        }

        if (Get(TableKeys.Concurrency, DefinitionDefaults.Concurrency) > 1 && write != WriteMode.Append)
        {
            AddAt(TableKeys.Concurrency, "runs of one table may overtake each other only where rows are added; set concurrency: 1, or write: append");
        }
    }

    private void CheckMasks(IReadOnlyList<Placed<SensitiveColumn>> sensitive, CursorDefinition? cursor, IReadOnlyList<Placed<string>> key)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (column, at) in sensitive.Select(column => (column.Value, own.Has(TableKeys.Sensitive) ? column.At : own.At)))
        {
            var name = Shown.Value(column.Column);
            if (!seen.Add(column.Column))
            {
                problems.Add(at, $"column {name} is listed as sensitive twice; keep one");
            }

            if (column.Column == cursor?.Column)
            {
                problems.Add(at, $"column {name} is the cursor and cannot be masked: windows are cut by it");
            }

            if (column.Mask != Mask.Hash && key.Any(part => part.Value == column.Column))
            {
                problems.Add(at,
                    $"column {name} is part of the key: masked with {Values.NameOf(column.Mask)}, different rows would become one. "
                    + "Use mask: hash, or leave it out of the key");
            }

            if (column.Mask is Mask.Hash or Mask.DateShift && !pipeline.Has(PipelineKeys.MaskKey))
            {
                problems.Add(at, $"the mask {Values.NameOf(column.Mask)} needs a key; add 'mask_key: env:NAME' to the pipeline");
            }

            if (column.By == column.Column)
            {
                problems.Add(at, $"column {name} cannot say by how many days it is moved itself; name the column of the person it belongs to");
            }
        }
    }

    private void CheckBloomFilters(FilesDefinition files, IReadOnlyList<Placed<SensitiveColumn>> sensitive)
    {
        foreach (var column in sensitive.Select(column => column.Value).Where(column => column.Mask is Mask.Null or Mask.Redact && files.BloomFilters.Contains(column.Column)))
        {
            problems.Add(own.AtOf(FileKeys.Files),
                $"no value of column {Shown.Value(column.Column)} is left to look up, for its mask is {Values.NameOf(column.Mask)}; leave it out of bloom_filters, or use mask: hash");
        }
    }

    private void CheckIceberg(IcebergDefinition iceberg, WriteMode write, IReadOnlyList<Placed<SensitiveColumn>> sensitive)
    {
        // What 'defaults' says of deletes simply does not concern a table that deletes nothing by key.
        if (write != WriteMode.Upsert && own.TryGet(IcebergKeys.Iceberg, out var keys) && keys.Get(IcebergKeys.Deletes, DeleteForm.Position) == DeleteForm.Equality)
        {
            problems.Add(keys.AtOf(IcebergKeys.Deletes), "only upserts delete rows by their key; leave 'deletes' out, or write: upsert");
        }

        var uses = iceberg.PartitionBy.Select(part => (part.Column, Use: "partition_by")).Concat(iceberg.SortBy.Select(sort => (sort.Column, Use: "sort_by"))).Distinct().ToList();
        foreach (var column in sensitive.Select(column => column.Value).Where(column => column.Mask is Mask.Null or Mask.Redact))
        {
            foreach (var (_, use) in uses.Where(use => use.Column == column.Column))
            {
                problems.Add(own.AtOf(IcebergKeys.Iceberg),
                    $"all values of column {Shown.Value(column.Column)} are the same in the lake, for its mask is {Values.NameOf(column.Mask)}; leave it out of {use}, or use mask: hash");
            }
        }
    }

    private DateTimeOffset InstantOf(StartText start)
    {
        if (start.Offset is not { } offset)
        {
            return ZoneClock.FirstInstant(start.Local, zone);
        }

        var ticks = Math.Clamp(start.Local.Ticks - offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    private void AddAt(Key key, string message) =>
        problems.Add(own.AtOf(key), own.Has(key) || shared?.Has(key) != true ? message : $"{message} ('{key.Name}' comes from 'defaults')");

    private bool IsSet(Key key) => own.Has(key) || shared?.Has(key) == true;

    private T Get<T>(Key<T> key, T otherwise)
        where T : notnull => TryGet(key, out var value) ? value : otherwise;

    private bool TryGet<T>(Key<T> key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
        where T : notnull
    {
        value = default;
        return own.Has(key) ? own.TryGet(key, out value) : shared is not null && shared.TryGet(key, out value);
    }
}
