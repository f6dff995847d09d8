using System.Text.Json.Nodes;
using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Schedules;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Windows;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of a table.</summary>
internal static class TableKeys
{
    private const int MostChunks = 1000;

    public static readonly Key<TableName> Table = new("table", Values.Table, "The table (or view) in the source. Without a schema it is in public.")
    {
        IsRequired = true,
        Examples = ["public.shipments"],
    };

    public static readonly Key<CursorText> Cursor = new(
        "cursor",
        new EitherShape<CursorText>("a column, or a mapping with column and timezone", Values.Column.Then((column, _, _) =>
            new CursorText(column, null)), CursorMapping()),
        "The column that tells when a row was last changed; windows are cut by it. "
        + "A 'timestamp without time zone' needs the zone whose clock it shows: { column: updated_at, timezone: Europe/Amsterdam }.")
    {
        DefaultInWords = "none, each run reads the whole table",
        Examples = ["updated_at", new JsonObject { ["column"] = "updated_at", ["timezone"] = "Europe/Amsterdam" }],
    };

    public static readonly Key<IReadOnlyList<Placed<string>>> KeyColumns = new(
        "key", new ListShape<string>("a list of columns", Values.Column, isSet: true), "The columns that identify a row, for upserts.")
    {
        DefaultInWords = "none",
        Examples = [new JsonArray("shipment_id")],
    };

    public static readonly Key<ChunkingDefinition> Chunks = new(
        "chunks",
        new EitherShape<ChunkingDefinition>(
            $"auto, a number from 1 to {MostChunks}, or a mapping with column, lower, upper and count",
            Values.WholeNumber(1, MostChunks).Then<ChunkingDefinition>((count, _, _) => new ChunkingDefinition.Count((int)count)),
            new ChoiceShape<bool>(new Dictionary<string, bool> { ["auto"] = true }).Then<ChunkingDefinition>((_, _, _) =>
                new ChunkingDefinition.Auto()),
            BoundsMapping()),
        "How one read is divided over connections: auto, so many chunks, or equal strides of a whole-number column.")
    {
        Default = "auto",
        Examples = ["auto", 8, new JsonObject { ["column"] = "quarter", ["lower"] = 1, ["upper"] = 1000, ["count"] = 10 }],
    };

    public static readonly Key<Schedule> Schedule = new(
        "schedule", Values.Schedule, "When the table is due, on the clock of the pipeline's time zone. Needed here or under 'defaults'.")
    {
        Examples = ["*/5 * * * *", "cron(0 12 * * ? *)", "rate(5 minutes)", "0 0 12 * * ?"],
    };

    public static readonly Key<WindowSize> Window = new(
        "window", Values.WindowSize, "How long a window is. Multiples of a day are calendar days in the pipeline's time zone. Needs a cursor.")
    {
        DefaultInWords = "one window per tick, from where the last stopped",
        Examples = ["1h", "1d", "PT15M"],
    };

    public static readonly Key<StartText> Start = new(
        "start", Values.Start, "Where the first window begins; without an offset, on the clock of the pipeline's time zone. Needs a cursor.")
    {
        DefaultInWords = "the first window reaches back to the beginning",
        Examples = ["2024-01-01", "2024-01-01T06:00:00Z"],
    };

    public static readonly Key<TimeSpan> Lag = new(
        "lag", Values.Duration,
            "How long the source may take until a row can be seen: no window ends later than the source's clock minus this. Needs a cursor.")
    {
        Default = DurationText.Format(DefinitionDefaults.Lag),
        Examples = ["30s"],
    };

    public static readonly Key<TimeSpan> Lookback = new(
        "lookback", Values.Duration,
            "How much of the past each run reads again, for rows that were committed late. Needs a cursor and a key: the merge removes the doubles.")
    {
        Default = DurationText.Format(DefinitionDefaults.Lookback),
        Examples = ["10m"],
    };

    public static readonly Key<WriteMode> Write = new(
        "write",
        new ChoiceShape<WriteMode>(new Dictionary<string, WriteMode>
        {
            ["append"] = WriteMode.Append,
            ["upsert"] = WriteMode.Upsert,
            ["replace"] = WriteMode.Replace,
        }),
        "What a run's rows do: they are added, replace rows of the same key, or become the whole table.")
    {
        DefaultInWords = "replace without a cursor, upsert with a key, else append",
        Examples = ["upsert"],
    };

    public static readonly Key<long> Concurrency = new(
        "concurrency", Values.WholeNumber(1, 64),
            "Runs of this table in flight at once. More than 1 only with write: append, for merges depend on their order.")
    {
        Default = DefinitionDefaults.Concurrency,
        Examples = [1],
    };

    public static readonly Key<long> Retries = new("retries", Values.WholeNumber(0, 100), "Attempts after the first, with a growing pause between.")
    {
        Default = DefinitionDefaults.Retries,
        Examples = [3],
    };

    public static readonly Key<TimeSpan> RetryDelay = new("retry_delay", Values.Duration, "The pause before the first retry; it grows from there.")
    {
        Default = DurationText.Format(DefinitionDefaults.RetryDelay),
        Examples = ["10s"],
    };

    public static readonly Key<TimeSpan> Timeout = new(
        "timeout", Values.PositiveDuration, "A run's longest time; then it is ended and counts as failed.")
    {
        Default = DurationText.Format(DefinitionDefaults.Timeout),
        Examples = ["2h"],
    };

    public static readonly Key<TimeSpan> LateAfter = new(
        "late_after", Values.PositiveDuration, "The table is late when it is complete to less than now minus this; a notify rule with 'late' tells.")
    {
        DefaultInWords = "never",
        Examples = ["15m"],
    };

    public static readonly Key<string> SensitiveName = new(
        "column", Values.Column, "The column.") { IsRequired = true, Examples = ["account_number"] };

    public static readonly Key<Mask> SensitiveMask = new(
        "mask",
        Values.MaskChoice,
        "What stands in the lake instead: null; a fixed text (redact); a keyed hash by which equal values stay equal (hash); "
        + "the last four characters of a text, at most half of it (partial); or a date moved by up to 365 days, by as many for all rows that have the same value in "
        + "the column 'by' (date_shift). hash and date_shift need the pipeline's mask_key.")
    {
        Default = "null",
        Examples = ["hash"],
    };

    public static readonly Key<string> SensitiveBy = new(
        "by", Values.Column, "The column that decides by how many days a date is moved, so that the days between the dates of one person stay. Needed with date_shift, and only there.")
    {
        DefaultInWords = "none",
        Examples = ["customer_id"],
    };

    public static readonly Key<IReadOnlyList<Placed<SensitiveColumn>>> Sensitive = new(
        "sensitive",
        new ListShape<SensitiveColumn>("a list of columns", new EitherShape<SensitiveColumn>(
            "a column, or a mapping with column, mask and perhaps by",
            Values.Column.Then((column, _, _) => new SensitiveColumn(column, DefinitionDefaults.SensitiveMask)),
            new MappingShape("a mapping with column, mask and perhaps by", [SensitiveName, SensitiveMask, SensitiveBy]).Then(ReadSensitive))),
        "Columns whose values are masked while they are extracted.")
    {
        DefaultInWords = "none",
        Examples = [new JsonArray("account_number"), new JsonArray(new JsonObject { ["column"] = "iban", ["mask"] = "hash" }, new JsonObject { ["column"] = "born_on", ["mask"] = "date_shift", ["by"] = "customer_id" })],
    };

    /// <summary>The keys that <c>defaults</c> may set for all tables.</summary>
    public static readonly IReadOnlyList<Key> Shared =
        [Schedule, Window, Start, Lag, Lookback, Write, Concurrency, Retries, RetryDelay, Timeout, LateAfter, Sensitive, FileKeys.Files, IcebergKeys.Iceberg];

    /// <summary>A table.</summary>
    public static readonly Shape<MappingReader> Shape = new MappingShape(
        "a mapping that begins with 'table: schema.table'", [Table, Cursor, KeyColumns, Chunks, TypeKeys.Types, .. Shared]);

    /// <summary>What tables share.</summary>
    public static readonly Shape<MappingReader> Defaults = new MappingShape("a mapping of table keys", Shared);

    private static SensitiveColumn? ReadSensitive(MappingReader fields, YamlNode node, ProblemList problems)
    {
        var mask = fields.Get(SensitiveMask, DefinitionDefaults.SensitiveMask);
        if (mask == Mask.DateShift && !fields.Has(SensitiveBy))
        {
            problems.Add(node.At, "date_shift moves the dates of one person by the same days; say which column names the person, for example 'by: customer_id'");
        }

        if (mask != Mask.DateShift && fields.Has(SensitiveBy) && (!fields.Has(SensitiveMask) || fields.TryGet(SensitiveMask, out _)))
        {
            problems.Add(fields.AtOf(SensitiveBy), "'by' belongs to mask: date_shift; leave it out, or use that mask");
        }

        return fields.IsComplete ? new SensitiveColumn(fields.Required(SensitiveName), mask, fields.TryGet(SensitiveBy, out var by) ? by : null) : null;
    }

    private static Shape<CursorText> CursorMapping()
    {
        var column = new Key<string>("column", Values.Column, "The column.") { IsRequired = true, Examples = ["updated_at"] };
        var zone = new Key<TimeZoneInfo>("timezone", Values.TimeZone, "Whose wall clock the column shows, for a 'timestamp without time zone'.")
        {
            DefaultInWords = "that of the pipeline",
            Examples = ["Europe/Amsterdam"],
        };
        return new MappingShape("a mapping with column and timezone", [column, zone]).Then((fields, _, _) =>
            fields.IsComplete ? new CursorText(fields.Required(column), fields.TryGet(zone, out var found) ? found : null) : null);
    }

    private static Shape<ChunkingDefinition> BoundsMapping()
    {
        var column = new Key<string>("column", Values.Column, "A whole-number column.") { IsRequired = true, Examples = ["quarter"] };
        var lower = new Key<long>(
            "lower", Values.WholeNumber(long.MinValue, long.MaxValue), "Where the first stride begins.") { IsRequired = true, Examples = [1] };
        var upper = new Key<long>(
            "upper", Values.WholeNumber(long.MinValue, long.MaxValue), "Where the last stride ends; rows outside the bounds are read all the same.")
        {
            IsRequired = true,
            Examples = [1000],
        };
        var count = new Key<long>("count", Values.WholeNumber(1, MostChunks), "How many strides.") { IsRequired = true, Examples = [10] };
        return new MappingShape("a mapping with column, lower, upper and count", [column, lower, upper, count]).Then<ChunkingDefinition>((fields, _, problems) =>
        {
            if (fields.TryGet(lower, out var from) && fields.TryGet(upper, out var to) && from >= to)
            {
                problems.Add(fields.AtOf(lower), $"lower ({from}) has to be less than upper ({to})");
            }

            return fields.IsComplete
                ? new ChunkingDefinition.Bounds(fields.Required(column), fields.Required(lower), fields.Required(upper), (int)fields.Required(count))
                : null;
        });
    }
}
