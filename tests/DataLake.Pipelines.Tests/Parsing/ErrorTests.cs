using System.Diagnostics;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Tests.Support;

namespace DataLake.Pipelines.Tests.Parsing;

public class ErrorTests
{
    [Theory]
    [InlineData("schedul: rate(1 day)", "7:5: unknown key 'schedul'; did you mean 'schedule'?")]
    [InlineData("retry-delay: 10s", "7:5: unknown key 'retry-delay'; did you mean 'retry_delay'?")]
    [InlineData("colour: red", "7:5: unknown key 'colour'; the keys here are table, cursor, key, chunks, types, schedule")]
    [InlineData("retries: \"3\"", "7:14: this is a text because of its quotes; write 3 without them")]
    [InlineData("retries: many", "7:14: 'many' is not a whole number from 0 to 100")]
    [InlineData("retries: 101", "7:14: '101' is out of range")]
    [InlineData("retries: 99999999999999999999999", "7:14: '99999999999999999999999' is out of range")]
    [InlineData("retries: [3]", "7:14: this is a list; write a whole number")]
    [InlineData("retries:", "there is no value here; write a whole number")]
    [InlineData("retries: 3\nretries: 4", "8:5: key 'retries' stands here a second time (first on line 7); keep one")]
    [InlineData("lag: 90\ncursor: c", "7:10: '90' is a number; write a duration such as 90s")]
    [InlineData("timeout: 2 hours", "7:14: '2 hours' is not a duration such as 90s")]
    [InlineData("timeout: 0s", "7:14: this is no time at all")]
    [InlineData("timeout: 99999999d", "is longer than 36500d")]
    [InlineData("schedule: 5 minutes", "key 'schedule' stands here a second time")]
    [InlineData("cursor: 5", "7:13: '5' is a number to YAML; to mean the text, write \"5\" in quotes")]
    [InlineData("cursor: { column: c, timezone: Europe/Amsterdm }", "7:36: 'Europe/Amsterdm' is not a time zone of the IANA database; did you mean 'Europe/Amsterdam'?")]
    [InlineData("cursor: { timezone: UTC }", "7:13: 'column' is missing; write 'column:'")]
    [InlineData("cursor: [c]", "7:13: this is a list; write a column, or a mapping with column and timezone")]
    [InlineData("key: id", "7:10: this must be a list of columns")]
    [InlineData("key: []", "7:10: the list is empty")]
    [InlineData("key: [id, id]", "7:15: this stands in the list a second time")]
    [InlineData("write: merge", "7:12: 'merge' is not one of append, upsert, replace")]
    [InlineData("write: upser\nkey: [id]", "did you mean 'upsert'?")]
    [InlineData("window: 1h", "7:13: 'window' needs a cursor")]
    [InlineData("lookback: 1h\nkey: [id]", "7:15: 'lookback' needs a cursor")]
    [InlineData("start: 2024-02-30\ncursor: c", "7:12: '2024-02-30' is no such day or time")]
    [InlineData("lookback: 10m\ncursor: c", "7:15: lookback reads rows a second time, and needs a key")]
    [InlineData("lookback: 10m\ncursor: c\nkey: [id]\nwrite: append", "7:15: lookback reads rows a second time, and only write: upsert")]
    [InlineData("write: upsert", "7:12: upsert needs a key")]
    [InlineData("write: replace\ncursor: c", "7:12: with a cursor a run reads one window")]
    [InlineData("concurrency: 2", "7:18: runs of one table may overtake each other only where rows are added")]
    [InlineData("chunks: 0", "7:13: '0' is out of range")]
    [InlineData("chunks: many", "7:13: 'many' is not one of auto")]
    [InlineData("chunks: { column: q, lower: 5, upper: 5, count: 2 }", "7:33: lower (5) has to be less than upper (5)")]
    [InlineData("chunks: { column: q, lower: 1.5, upper: 5, count: 0 }", "'1.5' is not a whole number|'0' is out of range")]
    [InlineData("sensitive: [{ column: a, mask: hash }]", "7:17: the mask hash needs a key; add 'mask_key: env:NAME' to the pipeline")]
    [InlineData("sensitive: [id]\nkey: [id]", "column 'id' is part of the key: masked with null")]
    [InlineData("sensitive: [c]\ncursor: c", "column 'c' is the cursor and cannot be masked")]
    [InlineData("sensitive: [a, { column: a, mask: redact }]", "column 'a' is listed as sensitive twice")]
    [InlineData("sensitive: [{ column: a, mask: none }]", "'none' is not one of null, redact, hash, partial, date_shift")]
    [InlineData("sensitive: [{ column: a, mask: date_shift, by: b }]", "7:17: the mask date_shift needs a key; add 'mask_key: env:NAME' to the pipeline")]
    [InlineData("sensitive: [{ column: a, mask: date_shift }]", "7:17: date_shift moves the dates of one person by the same days; say which column|the mask date_shift needs a key")]
    [InlineData("sensitive: [{ column: a, mask: date_shift, by: a }]", "column 'a' cannot say by how many days it is moved itself|the mask date_shift needs a key")]
    [InlineData("sensitive: [{ column: a, mask: partial, by: b }]", "7:49: 'by' belongs to mask: date_shift")]
    [InlineData("sensitive: [{ column: a, by: b }]", "7:34: 'by' belongs to mask: date_shift")]
    [InlineData("sensitive: [{ column: id, mask: partial }]\nkey: [id]", "column 'id' is part of the key: masked with partial")]
    [InlineData("sensitive: [{ column: id, mask: date_shift, by: b }]\nkey: [id]", "column 'id' is part of the key: masked with date_shift|the mask date_shift needs a key")]
    [InlineData("types: { numeric: decimal }", "7:23: 'decimal' is not text, or a decimal of 38 digits such as decimal(38,9)")]
    [InlineData("types: { numeric: \"decimal(38,39)\" }", "'decimal(38,39)' is not text, or a decimal")]
    [InlineData("types: { numeric: \"decimal(20,2)\" }", "'decimal(20,2)' is not text, or a decimal")]
    [InlineData("types: { nan: text }", "7:19: 'text' is not one of fail, null")]
    [InlineData("types: { infinity: keep }", "7:24: 'keep' is not one of fail, null, text")]
    [InlineData("types: { array: list }", "unknown key 'array'; did you mean 'arrays'?")]
    [InlineData("types: { arrays: lists }", "'lists' is not one of text, list; did you mean 'list'?")]
    [InlineData("types: text", "7:12: this must be a mapping with numeric, nan, infinity or arrays")]
    [InlineData("files: snappy", "7:12: this must be a mapping with compression, size or bloom_filters")]
    [InlineData("files: { compression: zstd }", "7:27: 'zstd' is not one of snappy, lz4_raw, gzip, brotli, none")]
    [InlineData("files: { compression: LZ4-RAW }", "'LZ4-RAW' is not one of snappy, lz4_raw, gzip, brotli, none; did you mean 'lz4_raw'?")]
    [InlineData("files: { compression: }", "7:27: there is no value here; write one of snappy")]
    [InlineData("files: { size: 256 }", "7:20: '256' is a number; write a size from 64KiB to 64GiB such as 256MB")]
    [InlineData("files: { size: 256M }", "7:20: '256M' is not a size from 64KiB to 64GiB such as 256MB")]
    [InlineData("files: { size: 1KB }", "7:20: '1KB' is out of range; write a size from 64KiB")]
    [InlineData("files: { size: 65GiB }", "7:20: '65GiB' is out of range; write a size from 64KiB")]
    [InlineData("files: { bloom_filters: id }", "7:29: this must be a list of columns")]
    [InlineData("files: { bloom_filters: [id, id] }", "7:34: this stands in the list a second time")]
    [InlineData("files: { bloom_filter: [id] }", "unknown key 'bloom_filter'; did you mean 'bloom_filters'?")]
    [InlineData("files: { bloom_filters: [id] }\nsensitive: [id]", "7:12: no value of column 'id' is left to look up, for its mask is null; leave it out of bloom_filters, or use mask: hash")]
    [InlineData("iceberg: day(a)", "7:14: this must be a mapping with partition_by, sort_by, deletes, format_version or snapshots")]
    [InlineData("iceberg: { partitions: [a] }", "7:16: unknown key 'partitions'; did you mean 'partition_by'?")]
    [InlineData("iceberg: { partition_by: a }", "7:30: this must be a list of columns, or of what of them divides the rows, such as day(created_at)")]
    [InlineData("iceberg: { partition_by: [days(a)] }", "7:31: 'days(a)' is not a column, year(column), month(column), day(column), hour(column), \"bucket(16, column)\"")]
    [InlineData("iceberg: { partition_by: [bucket(16, a)] }", "7:31: 'bucket(16' is not a column, |7:42: 'a)' is not a column, ")]
    [InlineData("iceberg: { partition_by: [\"bucket(0, a)\"] }", "7:31: 'bucket(0, a)' is out of range; write bucket with a number from 1 to 100000")]
    [InlineData("iceberg: { partition_by: [\"truncate(a, 4)\"] }", "7:31: 'truncate(a, 4)' is not a column, ")]
    [InlineData("iceberg: { partition_by: [a, b, a] }", "7:37: this stands in the list a second time")]
    [InlineData("iceberg: { partition_by: [day(a), b, hour(a)] }", "7:42: day and hour of column 'a' divide rows by the same time; keep one of them")]
    [InlineData("iceberg: { partition_by: [] }", "7:30: the list is empty")]
    [InlineData("iceberg: { sort_by: [a down] }", "7:26: 'a down' is not a column, and perhaps asc or desc, and nulls first or nulls last")]
    [InlineData("iceberg: { sort_by: [a, a desc] }", "7:29: rows are sorted by column 'a' already; keep one")]
    [InlineData("iceberg: { deletes: key }", "7:25: 'key' is not one of position, equality")]
    [InlineData("iceberg: { deletes: equality }", "7:25: only upserts delete rows by their key; leave 'deletes' out, or write: upsert")]
    [InlineData("iceberg: { format_version: 1 }", "7:32: '1' is out of range; write a whole number from 2 to 3")]
    [InlineData("iceberg: { snapshots: { keep: 9 } }", "7:35: '9' is out of range; write a whole number from 10 to 100000")]
    [InlineData("iceberg: { snapshots: { for: 59m } }", "7:34: snapshots are kept for 1h at least: by them a run that a crash interrupted is known")]
    [InlineData("iceberg: { snapshots: 5d }", "7:27: this must be a mapping with keep or for")]
    [InlineData("iceberg: { partition_by: [\"truncate(4, a)\"], sort_by: [a] }\nsensitive: [a]",
        "7:14: all values of column 'a' are the same in the lake, for its mask is null; leave it out of partition_by, or use mask: hash|leave it out of sort_by, or use mask: hash")]
    [InlineData("late_after: *x", "7:17: a value that begins with * is an alias in YAML")]
    [InlineData("late_after: &x 15m", "7:17: anchors (&name) are not read here")]
    [InlineData("late_after: !!str 15m", "7:17: tags (!name) are not read here")]
    [InlineData("<<: { lag: 1m }", "7:5: merge keys (<<) are not read here; use 'defaults'")]
    public void An_error_says_where_and_what_to_write_instead(string keys, string expected) => ShouldSay(Example.Smallest(keys), expected);

    [Theory]
    [InlineData("timezone: Mars/Olympus\n", "'Mars/Olympus' is not a time zone")]
    [InlineData("timezone: localtime\n", "'localtime' is not a time zone")]
    [InlineData("notify: [{ on: [failed] }]\n", "4:10: one of log, smtp, webhook is needed")]
    [InlineData("notify: [{ on: [failed], log: false }]\n", "this rule tells nobody")]
    [InlineData("notify: [{ log: true }]\n", "'on' is missing")]
    [InlineData("notify: [{ on: [fail], log: true }]\n", "did you mean 'failed'?")]
    [InlineData("notify: [{ on: [failed], tables: [public.u], log: true }]\n", "'public.u' is not a table of this pipeline; did you mean 'public.t'?")]
    [InlineData("notify: [{ on: [late], log: true }]\n", "4:17: no table of this rule can be late")]
    [InlineData("notify: [{ on: [failed], smtp: { host: h, from: a@b, to: [b] } }]\n", "'b' is not a mail address")]
    [InlineData("notify: [{ on: [failed], smtp: { host: h, from: a@b, to: [b@c], username: env:U } }]\n", "username and password come together")]
    [InlineData("notify: [{ on: [failed], smtp: { host: h, from: a@b, to: [b@c], tls: none, username: env:U, password: env:P } }]\n", "in the clear")]
    [InlineData("notify: [{ on: [failed], webhook: { url: ftp://h/x } }]\n", "this is not an https:// address")]
    [InlineData("defaults: { cursor: c }\n", "4:13: unknown key 'cursor'")]
    [InlineData("defaults: { types: { nan: null } }\n", "4:13: unknown key 'types'")]
    [InlineData("types: { infinity: nil }\n", "4:20: 'nil' is not one of fail, null, text")]
    [InlineData("defaults: { lookback: 1h }\n", "")]
    [InlineData("defaults: { iceberg: { deletes: equality } }\n", "")]
    [InlineData("defaults: { write: upsert }\n", "upsert needs a key; add 'key: [<columns>]', or write: append ('write' comes from 'defaults')")]
    public void An_error_of_the_pipeline_says_where_and_what_to_write_instead(string keys, string expected) => ShouldSay(Example.Smallest("", keys), expected);

    [Theory]
    [InlineData("", "1:1: the file is empty")]
    [InlineData("# nothing\n", "1:1: the file is empty")]
    [InlineData("hello", "1:1: this must be a mapping that begins with 'pipeline: <name>'")]
    [InlineData("- a", "1:1: this is a list")]
    [InlineData("pipeline: p\n", "1:1: 'source' is missing|1:1: 'tables' is missing")]
    [InlineData("pipeline: [p\n", "this is not YAML: while parsing a flow sequence, did not find expected ',' or ']'")]
    [InlineData("pipeline: [p\nsource: q\n", "this is not YAML: a bracket [ or { is opened here or before and never closed")]
    [InlineData("pipeline: p: q\n", "1:12: this is not YAML: while scanning a plain scalar value, found invalid mapping; a text with ': ' in it needs quotes")]
    [InlineData("pipeline: @daily\n", "1:11: this is not YAML")]
    [InlineData("pipeline: 'p\n", "this is not YAML: while scanning a quoted scalar, found unexpected end of stream")]
    [InlineData("? [a, b]\n: c\n", "a key is a word|'pipeline' is|'source' is|'tables' is")]
    [InlineData("pipeline: p\u0000q\n", "1:12: the character U+0000 is not allowed here")]
    [InlineData("pipeline: p\n---\npipeline: q\n", "2:1: a second document ('---') begins here|'source' is|'tables' is")]
    [InlineData("pipeline: 7up\nsource: { connection: env:X }\ntables: [{ table: t, schedule: rate(1 day) }]", "'7up' is not a name of letters")]
    [InlineData("pipeline: p\nsource: { connection: env:X, limits: { active_session: 4, lock_timeout: 0s, after_pause: stop } }\ntables: [{ table: t, schedule: rate(1 day) }]",
        "2:40: unknown key 'active_session'; did you mean 'active_sessions'?|2:73: this is no time at all|2:90: 'stop' is not one of retry, slow")]
    [InlineData("pipeline: p\nsource: { connection: env:X, replica: Host=db }\ntables: [{ table: t, schedule: rate(1 day) }]", "2:39: this is not a reference to a secret")]
    [InlineData("pipeline: p\nsource: { connection: env:X }\ntables: [{ table: a.b.c, schedule: rate(1 day) }, { table: t }]", "3:19: 'a.b.c' is not a table|3:51: this table has no schedule")]
    [InlineData("pipeline: p\nsource: { connection: env:X }\ntables: [{ table: t, schedule: rate(1 day) }, { table: public.t, schedule: rate(1 day) }]",
        "3:56: table public.t stands in this pipeline a second time (first on line 3)")]
    public void A_file_that_is_no_pipeline_says_why(string yaml, string expected) => ShouldSay(yaml, expected);

    [Fact]
    public void All_errors_are_found_at_once_and_in_order()
    {
        const string Yaml = """
            pipelin: p
            source:
              connection: env:X
              max_runs: 0
            timezone: Nowhere
            tables:
              - table: public.t
                schedule: sometimes
                window: 5
              - table: public.t
                colour: red
            """;

        var errors = PipelineParser.Parse(Yaml, "p.yaml").Errors;

        errors.Select(error => (error.Line, error.Column)).ShouldBe([(1, 1), (1, 1), (4, 13), (5, 11), (8, 15), (9, 13), (9, 13), (10, 5), (10, 12), (11, 5)]);
        errors[2].ToString().ShouldStartWith("p.yaml:4:13: '0' is out of range");
    }

    [Theory]
    [InlineData("Host=db;Username=admin;Password=hunter2-s3cret")]
    [InlineData("postgres://admin:hunter2-s3cret@db/prod")]
    [InlineData("hunter2-s3cret")]
    public void What_may_be_a_secret_is_never_repeated(string secret)
    {
        string[] files =
        [
            $"pipeline: p\nsource:\n  connection: {secret}\n",
            $"pipeline: p\nsource: {secret}\n",
            $"pipeline: p\nsource:\n  connection: [\"{secret}\"]\n",
            $"pipeline: p\nmask_key: \"{secret}\"\n",
            $"pipeline: p\nnotify:\n  - on: [failed]\n    smtp: {{ host: h, from: a@b, to: [a@b], username: env:U, password: \"{secret}\" }}\n",
            $"pipeline: p\nnotify:\n  - on: [failed]\n    webhook: {{ url: \"https://u:{secret}@h/\", secret: \"{secret}\" }}\n",
            $"pipeline: p\nsource:\n  connection: env:X\n  password: {secret}\n",
            $"pipeline: p\nsource:\n  connection: \"{secret}\n",
        ];
        foreach (var file in files)
        {
            var errors = PipelineParser.Parse(file, "p.yaml").Errors;
            errors.ShouldNotBeEmpty();
            errors.ShouldAllBe(error => !error.Message.Contains("hunter2"));
        }

        PipelineParser.Parse(files[0], "p.yaml").Errors[^1].ToString().ShouldNotContain("hunter2");
        Should.Throw<FormatException>(() => DataLake.Pipelines.Definitions.SecretReference.Parse(secret)).Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_connection_string_in_the_wrong_place_is_not_repeated_either()
    {
        var errors = PipelineParser.Parse("pipeline: \"Host=db;Password=hunter2\"\ntimezone: \"postgres://a:hunter2@db/x\"\n\"Server=db;Pwd=hunter2\": 1\n", "p.yaml").Errors;
        errors.Count.ShouldBeGreaterThan(3);
        errors.ShouldAllBe(error => !error.Message.Contains("hunter2"));
    }

    [Fact]
    public void A_literal_connection_string_is_refused_with_the_way_to_write_it() =>
        ShouldSay("pipeline: p\nsource:\n  connection: Host=db;Password=x\ntables: [{ table: t, schedule: rate(1 day) }]\n", "3:15: this is not a reference to a secret: env:NAME, file:/path, ssm:/path/name or secretsmanager:name");

    private static readonly Dictionary<string, string> HostileFiles = new()
    {
        { "deep lists", "a: " + new string('[', 500_000) },
        { "deep mappings", string.Concat(Enumerable.Repeat("{a: ", 200_000)) },
        { "deep indents", string.Concat(Enumerable.Range(0, 1000).Select(depth => new string(' ', depth) + "a:\n")) },
        { "deep block lists", string.Concat(Enumerable.Repeat("- ", 400_000)) },
        { "deep keys", string.Concat(Enumerable.Repeat("? ", 400_000)) },
        { "an alias bomb", "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n" },
        { "ten megabytes", "pipeline: " + new string('a', 10_000_000) },
        { "a long word", "pipeline: " + new string('a', 1_000_000) },
        { "a long key", new string('a', 1000) + ": 1" },
        { "many keys", string.Concat(Enumerable.Range(0, 100_000).Select(index => $"k{index}: 1\n")) },
        { "one key many times", string.Concat(Enumerable.Repeat("a: 1\n", 200_000)) },
        { "many items", "tables: [" + string.Concat(Enumerable.Repeat("{},", 200_000)) + "]" },
        { "many numbers", "pipeline: " + new string('9', 1_000_000) },
        { "nothing but lines", new string('\n', 1_000_000) },
        { "control characters", "a: \u001b[31m" },
    };

    // Names only: the files are too long to be shown by a test runner.
    public static TheoryData<string> Hostile => [.. HostileFiles.Keys];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_files_are_refused_quickly(string what)
    {
        var watch = Stopwatch.StartNew();
        var result = PipelineParser.Parse(HostileFiles[what], what);

        result.Errors.Count.ShouldBeInRange(1, 101);
        result.Errors.ShouldAllBe(error => error.Message.Length < 500);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
    }

    internal static void ShouldSay(string yaml, string expected)
    {
        var result = PipelineParser.Parse(yaml, "p.yaml");
        var found = string.Join("\n", result.Errors);
        foreach (var part in expected.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            found.ShouldContain(part);
        }

        (result.Pipeline is null).ShouldBe(expected.Length > 0);
        result.Errors.Count.ShouldBe(expected.Split('|', StringSplitOptions.RemoveEmptyEntries).Length, found);
    }
}
