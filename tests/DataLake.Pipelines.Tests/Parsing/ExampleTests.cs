using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Tests.Support;

namespace DataLake.Pipelines.Tests.Parsing;

public class ExampleTests
{
    [Fact]
    public void The_example_of_the_documentation_says_what_it_shows()
    {
        var result = PipelineParser.Parse(Example.Yaml, "operations.yaml");

        result.Errors.ShouldBeEmpty();
        var pipeline = result.Pipeline.ShouldNotBeNull();
        pipeline.Name.ShouldBe("operations");
        pipeline.Source.ShouldBe(new SourceDefinition(
            new SecretReference(SecretScheme.Env, "DATALAKE_SOURCE"), new SecretReference(SecretScheme.Env, "DATALAKE_REPLICA"), 4, 4, DefinitionDefaults.Limits));
        pipeline.TimeZone.ShouldBe(TimeZoneInfo.Utc);
        pipeline.MaskKey!.ToString().ShouldBe("env:DATALAKE_MASK_KEY");

        var shipments = pipeline.Tables[0];
        shipments.Table.ShouldBe(new TableName("public", "shipments"));
        shipments.Cursor.ShouldBe(new CursorDefinition("updated_at", TimeZoneInfo.Utc));
        shipments.Key.ShouldBe(["shipment_id"]);
        shipments.Schedule.Text.ShouldBe("*/5 * * * *");
        shipments.Window!.Length.ShouldBe(TimeSpan.FromHours(1));
        shipments.Start.ShouldBe(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));
        shipments.Lag.ShouldBe(TimeSpan.FromSeconds(30));
        shipments.Lookback.ShouldBe(TimeSpan.FromMinutes(10));
        shipments.Write.ShouldBe(WriteMode.Upsert);
        shipments.Chunks.ShouldBe(new ChunkingDefinition.Auto());
        shipments.Concurrency.ShouldBe(1);
        shipments.Retries.ShouldBe(3);
        shipments.RetryDelay.ShouldBe(TimeSpan.FromSeconds(10));
        shipments.Timeout.ShouldBe(TimeSpan.FromHours(2));
        shipments.LateAfter.ShouldBe(TimeSpan.FromMinutes(15));
        shipments.Sensitive.ShouldBe([new SensitiveColumn("account_number", Mask.Null), new SensitiveColumn("iban", Mask.Hash),
            new SensitiveColumn("card", Mask.Partial), new SensitiveColumn("born_on", Mask.DateShift, "customer_id")]);
        shipments.Types.ShouldBe(new TypesDefinition(9, NanPolicy.Null, InfinityPolicy.Fail));
        ShouldBe(shipments.Files, FileCompression.Lz4Raw, 128 << 20, "customer_id");
    }

    [Fact]
    public void The_example_tells_who_is_to_be_told()
    {
        var pipeline = PipelineParser.Parse(Example.Yaml, "operations.yaml").Pipeline!;
        var shipments = new TableName("public", "shipments");

        pipeline.ChannelsFor(shipments, NoticeEvent.Recovered).ShouldBe([new LogChannel()]);
        var smtp = pipeline.ChannelsFor(shipments, NoticeEvent.Failed).OfType<SmtpChannel>().ShouldHaveSingleItem();
        smtp.Host.ShouldBe("127.0.0.1");
        smtp.Port.ShouldBe(2525);
        smtp.To.ShouldBe(["data-team@example.org"]);
        smtp.Tls.ShouldBe(SmtpTls.None);
        smtp.Username!.ToString().ShouldBe("env:SMTP_USER");
        pipeline.ChannelsFor(shipments, NoticeEvent.Succeeded).ShouldBe(
            [new WebhookChannel(new Uri("https://hooks.example.org/lake"), null, new SecretReference(SecretScheme.Env, "HOOK_SECRET"))]);
    }

    [Fact]
    public void What_is_left_out_has_the_defaults()
    {
        var pipeline = Parse(Example.Smallest());
        var table = pipeline.Tables.ShouldHaveSingleItem();

        pipeline.Source.MaxConnections.ShouldBe(DefinitionDefaults.MaxConnections);
        pipeline.Source.Replica.ShouldBeNull();
        pipeline.Source.Limits.ShouldBe(DefinitionDefaults.Limits);
        pipeline.TimeZone.Id.ShouldBe(DefinitionDefaults.TimeZone);
        pipeline.Notify.ShouldBeEmpty();
        table.Cursor.ShouldBeNull();
        table.Write.ShouldBe(WriteMode.Replace);
        table.Lag.ShouldBe(DefinitionDefaults.Lag);
        table.Chunks.ShouldBe(DefinitionDefaults.Chunks);
        table.Timeout.ShouldBe(DefinitionDefaults.Timeout);
        table.LateAfter.ShouldBeNull();
        pipeline.WindowRuleOf(table).ShouldBeNull();
    }

    [Fact]
    public void The_limits_of_a_source_are_what_it_says_and_else_the_defaults()
    {
        var text = Example.Smallest().Replace("env:SOURCE\n", "env:SOURCE\n  limits: { active_sessions: 7, replica_lag: 2m, after_pause: slow }\n", StringComparison.Ordinal);
        Parse(text).Source.Limits.ShouldBe(DefinitionDefaults.Limits with { ActiveSessions = 7, ReplicaLag = TimeSpan.FromMinutes(2), AfterPause = AfterPause.Slow });
    }

    [Theory]
    [InlineData("", WriteMode.Replace)]
    [InlineData("key: [id]", WriteMode.Replace)]
    [InlineData("cursor: c", WriteMode.Append)]
    [InlineData("cursor: c\nkey: [id]", WriteMode.Upsert)]
    [InlineData("cursor: c\nkey: [id]\nwrite: append", WriteMode.Append)]
    public void The_way_to_write_follows_from_cursor_and_key(string keys, WriteMode expected) => Parse(Example.Smallest(keys)).Tables[0].Write.ShouldBe(expected);

    [Fact]
    public void A_value_of_the_table_wins_over_the_shared_one()
    {
        const string Shared = "defaults:\n  schedule: rate(1 minute)\n  lag: 1m\n  retries: 7\n  window: 1d\n  late_after: 1h\n";
        var table = Parse(Example.Smallest("cursor: c\nlag: 5s", Shared)).Tables[0];

        table.Schedule.Text.ShouldBe("rate(1 day)");
        table.Lag.ShouldBe(TimeSpan.FromSeconds(5));
        table.Retries.ShouldBe(7);
        table.Window!.IsCalendarDays.ShouldBeTrue();
        table.LateAfter.ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public void Shared_window_keys_do_not_concern_a_table_that_is_read_whole()
    {
        var table = Parse(Example.Smallest("", "defaults: { window: 1h, start: 2024-01-01, lookback: 5m }\n")).Tables[0];
        table.Window.ShouldBeNull();
        table.Start.ShouldBeNull();
        table.Lookback.ShouldBe(TimeSpan.Zero);
    }

    [Theory]
    [InlineData("2024-07-01", "2024-06-30T22:00:00Z")]
    [InlineData("2024-07-01 06:30", "2024-07-01T04:30:00Z")]
    [InlineData("2024-07-01T06:30:00Z", "2024-07-01T06:30:00Z")]
    [InlineData("2024-07-01T06:30:00.25-05:00", "2024-07-01T11:30:00.25Z")]
    [InlineData("2024-03-31T02:30", "2024-03-31T01:00:00Z")]
    public void A_start_without_offset_is_on_the_clock_of_the_pipeline(string start, string expected) =>
        Parse(Example.Smallest($"cursor: c\nstart: {start}", "timezone: Europe/Amsterdam\n")).Tables[0].Start.ShouldBe(DateTimeOffset.Parse(expected, null));

    [Fact]
    public void A_cursor_without_a_zone_shows_the_clock_of_the_pipeline()
    {
        var cursor = Parse(Example.Smallest("cursor: c", "timezone: Europe/Amsterdam\n")).Tables[0].Cursor.ShouldNotBeNull();
        cursor.TimeZone.Id.ShouldBe("Europe/Amsterdam");
        cursor.LocalBound(new DateTimeOffset(2024, 7, 1, 22, 30, 0, TimeSpan.Zero)).ShouldBe(new DateTime(2024, 7, 2, 0, 30, 0));
    }

    [Fact]
    public void A_table_can_say_all_there_is()
    {
        var table = Parse(Example.Smallest(
            "cursor: { column: changed, timezone: Europe/Amsterdam }\nchunks: { column: quarter, lower: -5, upper: 1000, count: 10 }\n"
            + "concurrency: 8\nwrite: append\nsensitive:\n  - a\n  - column: b\n    mask: null\n  - { column: c, mask: \"null\" }\n  - { column: d, mask: redact }")).Tables[0];

        table.Cursor.ShouldBe(new CursorDefinition("changed", TimeZoneInfo.FindSystemTimeZoneById("Europe/Amsterdam")));
        table.Chunks.ShouldBe(new ChunkingDefinition.Bounds("quarter", -5, 1000, 10));
        table.Concurrency.ShouldBe(8);
        table.Sensitive.Select(column => column.Mask).ShouldBe([Mask.Null, Mask.Null, Mask.Null, Mask.Redact]);
        Parse(Example.Smallest("chunks: 8")).Tables[0].Chunks.ShouldBe(new ChunkingDefinition.Count(8));
    }

    [Fact]
    public void What_a_table_says_of_types_wins_key_by_key()
    {
        const string Shared = "types:\n  numeric: decimal(38, 9)\n  nan: null\n  infinity: text\n  arrays: list\n";
        Parse(Example.Smallest()).Tables[0].Types.ShouldBe(DefinitionDefaults.Types);
        Parse(Example.Smallest("", Shared)).Tables[0].Types.ShouldBe(new TypesDefinition(9, NanPolicy.Null, InfinityPolicy.Text, ArrayPolicy.List));
        Parse(Example.Smallest("types: { infinity: null }", Shared)).Tables[0].Types.ShouldBe(new TypesDefinition(9, NanPolicy.Null, InfinityPolicy.Null, ArrayPolicy.List));
        Parse(Example.Smallest("types: { numeric: text, nan: fail, arrays: text }", Shared)).Tables[0].Types.ShouldBe(new TypesDefinition(null, NanPolicy.Fail, InfinityPolicy.Text));
        Parse(Example.Smallest("types: {}", Shared)).Tables[0].Types.DecimalScale.ShouldBe(9);
    }

    [Fact]
    public void What_a_table_says_of_files_wins_key_by_key()
    {
        const string Shared = "defaults: { files: { compression: gzip, size: 1GB, bloom_filters: [a] } }\n";
        ShouldBe(Parse(Example.Smallest()).Tables[0].Files, FileCompression.Snappy, 256 << 20);
        ShouldBe(Parse(Example.Smallest("", Shared)).Tables[0].Files, FileCompression.Gzip, 1_000_000_000, "a");
        ShouldBe(Parse(Example.Smallest("files: { compression: none }", Shared)).Tables[0].Files, FileCompression.None, 1_000_000_000, "a");
        ShouldBe(Parse(Example.Smallest("files: { size: 64 kib, bloom_filters: [b, A] }", Shared)).Tables[0].Files, FileCompression.Gzip, 65_536, "b", "A");
        ShouldBe(Parse(Example.Smallest("files: { compression: LZ4_RAW }")).Tables[0].Files, FileCompression.Lz4Raw, 256 << 20);
    }

    [Fact]
    public void A_date_is_shifted_by_a_column()
    {
        var table = Parse(Example.Smallest("sensitive:\n  - { column: born_on, mask: date_shift, by: customer_id }\n  - { column: iban, mask: partial }", "mask_key: env:K\n")).Tables[0];
        table.Sensitive.ShouldBe([new SensitiveColumn("born_on", Mask.DateShift, "customer_id"), new SensitiveColumn("iban", Mask.Partial)]);
    }

    [Fact]
    public void A_look_back_reaches_into_the_past_but_not_before_the_start()
    {
        var table = Parse(Example.Smallest("cursor: c\nkey: [id]\nlookback: 10m\nstart: 2024-01-01")).Tables[0];
        var start = table.Start!.Value;

        table.ReadRange(new Window(start.AddHours(1), start.AddHours(2))).ShouldBe(new Window(start.AddMinutes(50), start.AddHours(2)));
        table.ReadRange(new Window(start.AddMinutes(4), start.AddHours(2))).ShouldBe(new Window(start, start.AddHours(2)));
        table.ReadRange(new Window(start, start.AddHours(2))).From.ShouldBeLessThanOrEqualTo(start);
        table.ReadRange(new Window(Window.Beginning, start)).ShouldBe(new Window(Window.Beginning, start));
    }

    [Fact]
    public void Line_ends_and_byte_order_marks_make_no_difference()
    {
        var text = Example.Smallest();
        var windows = "\uFEFF" + text.Replace("\n", "\r\n", StringComparison.Ordinal);

        PipelineParser.Parse(windows, "p.yaml").Errors.ShouldBeEmpty();
        PipelineFile.HashOf(windows).ShouldBe(PipelineFile.HashOf(text));
        PipelineFile.HashOf(text).ShouldMatch("^[0-9a-f]{64}$");
        PipelineFile.HashOf(text + "# changed\n").ShouldNotBe(PipelineFile.HashOf(text));
    }

    [Fact]
    public void What_is_asked_of_iceberg_tables_is_in_icebergs_own_words()
    {
        var iceberg = Parse(Example.Smallest(
            "iceberg: { partition_by: [state, day(created_at), \"bucket(16, customer_id)\", \"truncate( 4,zip )\", 'hour(\"a, b\"\"(c)\")'], sort_by: [a, b desc, c DESC nulls first, \"d asc nulls last\"] }")).Tables[0].Iceberg;
        iceberg.PartitionBy.ShouldBe([new("state", "identity"), new("created_at", "day"), new("customer_id", "bucket[16]"), new("zip", "truncate[4]"), new("a, b\"(c)", "hour")]);
        iceberg.SortBy.ShouldBe([new("a", false, true), new("b", true, false), new("c", true, true), new("d", false, false)]);
    }

    [Fact]
    public void What_a_table_says_of_iceberg_wins_key_by_key()
    {
        const string Shared = "defaults: { iceberg: { partition_by: [a], sort_by: [b], deletes: equality, format_version: 3, snapshots: { keep: 50, for: 2d } } }\n";
        var usual = Parse(Example.Smallest()).Tables[0].Iceberg;
        (usual.PartitionBy.Count, usual.SortBy.Count, usual.Deletes, usual.FormatVersion, usual.Snapshots).ShouldBe((0, 0, DeleteForm.Position, 2, new SnapshotsDefinition(null, null)));
        var shared = Parse(Example.Smallest("", Shared)).Tables[0].Iceberg;
        (shared.PartitionBy[0].Column, shared.SortBy[0].Column, shared.Deletes, shared.FormatVersion, shared.Snapshots)
            .ShouldBe(("a", "b", DeleteForm.Equality, 3, new SnapshotsDefinition(50, TimeSpan.FromDays(2))));
        var own = Parse(Example.Smallest("iceberg: { partition_by: [c], deletes: position, snapshots: { for: 1d } }", Shared)).Tables[0].Iceberg;
        (own.PartitionBy[0].Column, own.SortBy[0].Column, own.Deletes, own.FormatVersion, own.Snapshots)
            .ShouldBe(("c", "b", DeleteForm.Position, 3, new SnapshotsDefinition(50, TimeSpan.FromDays(1))));
    }

    private static void ShouldBe(FilesDefinition files, FileCompression compression, long size, params string[] bloomFilters)
    {
        (files.Compression, files.Size).ShouldBe((compression, size));
        files.BloomFilters.ShouldBe(bloomFilters);
    }

    private static PipelineDefinition Parse(string yaml)
    {
        var result = PipelineParser.Parse(yaml, "p.yaml");
        result.Errors.ShouldBeEmpty();
        return result.Pipeline.ShouldNotBeNull();
    }
}
