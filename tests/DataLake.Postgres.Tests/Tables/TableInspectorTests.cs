using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Tables;

public sealed class TableInspectorTests(TestPostgres postgres)
{
    [Fact]
    public async Task A_table_is_described_as_its_catalog_has_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE DOMAIN amount AS numeric(14,2);
            CREATE DOMAIN price AS amount NOT NULL;
            CREATE TABLE things (id bigint PRIMARY KEY, gone text, name varchar(20) NOT NULL, price price, tags text[], code char(3));
            ALTER TABLE things DROP COLUMN gone;
            ALTER TABLE things RENAME code TO "the code";
            """);
        var table = await InspectAsync(database, "things");
        table.Kind.ShouldBe('r');
        table.ServerVersion.ShouldBeGreaterThan(90_000);
        table.Relation.ShouldBeGreaterThan(0);
        table.Columns.ShouldBe(
        [
            new("id", 1, "bigint", 20, -1, Nullable: false),
            new("name", 3, "character varying(20)", 1043, 24, Nullable: false),
            new("price", 4, "price", 1700, ((14 << 16) | 2) + 4, Nullable: true),
            new("tags", 5, "text[]", 1009, -1, Nullable: true),
            new("the code", 6, "character(3)", 1042, 7, Nullable: true),
        ]);
        table.Find("the code").ShouldNotBeNull().Number.ShouldBe(6);
        table.Find("gone").ShouldBeNull();
    }

    [Theory]
    [InlineData("Things")]
    [InlineData("select")]
    [InlineData("a.b")]
    [InlineData("it's \"quoted\"")]
    [InlineData("größer 漢字")]
    [InlineData("with space; DROP TABLE x --")]
    public async Task Odd_names_are_found_as_they_are(string name)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var odd = new TableName(name, name);
        await database.ExecuteAsync($"CREATE SCHEMA {TableName.Quote(name)}; CREATE TABLE {odd.ToSql()} ({TableName.Quote(name)} int PRIMARY KEY)");
        var table = await InspectAsync(database, odd);
        table.Columns.ShouldHaveSingleItem().Name.ShouldBe(name);
        table.UniqueKeys.ShouldHaveSingleItem().ShouldBe([name]);
    }

    [Fact]
    public async Task Partitioned_tables_views_and_materialized_views_can_be_read()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE parted (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
            CREATE VIEW seen AS SELECT id, day FROM parted;
            CREATE MATERIALIZED VIEW kept AS SELECT g AS id FROM generate_series(1, 10000) g;
            CREATE UNIQUE INDEX ON kept (id);
            CREATE SEQUENCE counter;
            """);
        var parted = await InspectAsync(database, "parted");
        (parted.Kind, parted.Pages).ShouldBe(('p', 0));
        parted.UniqueKeys.ShouldHaveSingleItem().ShouldBe(["id", "day"]);
        var seen = await InspectAsync(database, "seen");
        (seen.Kind, seen.Pages).ShouldBe(('v', 0));
        seen.UniqueKeys.ShouldBeEmpty();
        var kept = await InspectAsync(database, "kept");
        kept.Kind.ShouldBe('m');
        kept.Pages.ShouldBeGreaterThan(10);
        (await Should.ThrowAsync<SourceException>(() => InspectAsync(database, "counter"))).Kind.ShouldBe(SourceErrorKind.Missing);
    }

    [Fact]
    public async Task The_size_is_the_tables_own_before_any_ANALYZE()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things WITH (autovacuum_enabled = off) AS SELECT g FROM generate_series(1, 100000) g");
        (await InspectAsync(database, "things")).Pages.ShouldBe(await database.ScalarAsync<long>("SELECT pg_relation_size('things') / current_setting('block_size')::int"));
    }

    [Fact]
    public async Task Its_rows_are_told_by_its_size_and_by_how_many_a_page_had_when_they_were_counted()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE things (id int) WITH (autovacuum_enabled = off); INSERT INTO things SELECT generate_series(1, 100000);
            CREATE TABLE parted (id int) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (50001) WITH (autovacuum_enabled = off);
            CREATE TABLE high PARTITION OF parted FOR VALUES FROM (50001) TO (200000) WITH (autovacuum_enabled = off); INSERT INTO parted SELECT * FROM things;
            CREATE VIEW seen AS SELECT * FROM things;
            """);
        (await InspectAsync(database, "things")).Rows.ShouldBeNull();
        (await InspectAsync(database, "seen")).Rows.ShouldBeNull();
        await database.ExecuteAsync("ANALYZE things; ANALYZE low; INSERT INTO things SELECT generate_series(1, 100000)");
        (await InspectAsync(database, "things")).Rows!.Value.ShouldBe(200_000, 2_000);
        (await InspectAsync(database, "parted")).Rows.ShouldBeNull();
        await database.ExecuteAsync("ANALYZE high");
        (await InspectAsync(database, "parted")).Rows!.Value.ShouldBe(100_000, 2_000);
    }

    [Fact]
    public async Task Only_whole_unique_indexes_over_required_columns_are_keys()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE things (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, maybe int, part text NOT NULL, extra text NOT NULL);
            CREATE UNIQUE INDEX ON things (b, a);
            CREATE UNIQUE INDEX ON things (a) INCLUDE (extra);
            CREATE UNIQUE INDEX ON things (maybe);
            CREATE UNIQUE INDEX ON things (a, maybe);
            CREATE UNIQUE INDEX ON things (extra) WHERE a > 0;
            CREATE UNIQUE INDEX ON things (lower(part));
            CREATE INDEX ON things (b);
            """);
        (await InspectAsync(database, "things")).UniqueKeys.Select(key => string.Join(",", key)).Order().ShouldBe(["a", "b,a", "id"]);
    }

    [Fact]
    public async Task A_key_does_not_cover_the_rows_of_tables_that_inherit()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int PRIMARY KEY); CREATE TABLE more () INHERITS (things); INSERT INTO things VALUES (1); INSERT INTO more VALUES (1)");
        (await InspectAsync(database, "things")).UniqueKeys.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_table_may_have_as_many_columns_as_PostgreSQL_allows()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TABLE wide ({string.Join(", ", Enumerable.Range(1, 1_600).Select(i => $"c{i} int"))}); INSERT INTO wide DEFAULT VALUES");
        using var folder = new TemporaryFolder();
        var table = await Types.Extraction.ToFileAsync(database, "wide", folder.In("wide.parquet"));
        table.Columns.Count.ShouldBe(1_600);
        (await Types.Extraction.ReadOurselvesAsync(folder.In("wide.parquet"))).ShouldHaveSingleItem().ShouldBe(new string?[1_600]);
    }

    [Fact]
    public async Task A_table_without_columns_is_described_as_such()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE bare ()");
        (await InspectAsync(database, "bare")).Columns.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_table_is_told_with_names_that_are_near()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE SCHEMA other; CREATE TABLE \"Shipments\" (); CREATE TABLE other.shipments (); CREATE TABLE shipping (); CREATE TABLE apart ()");
        var error = await Should.ThrowAsync<SourceException>(() => InspectAsync(database, "shipments"));
        error.Kind.ShouldBe(SourceErrorKind.Missing);
        error.Message.ShouldStartWith("The source has no table public.shipments; it has ");
        error.Message.ShouldContain("public.Shipments");
        error.Message.ShouldContain("other.shipments");
        error.Message.ShouldContain("public.shipping");
        error.Message.ShouldNotContain("apart");
        (await Should.ThrowAsync<SourceException>(() => InspectAsync(database, "unlike_anything"))).Message.ShouldStartWith("The source has no table public.unlike_anything. ");
    }

    [Fact]
    public async Task A_table_that_the_user_may_not_read_is_refused_with_the_grants_to_run()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var user = $"reader_of_{database.Name}";
        await database.ExecuteAsync(
            $"CREATE ROLE {user} LOGIN; CREATE SCHEMA closed; CREATE TABLE closed.things (id int); CREATE TABLE things (id int, secret int); GRANT SELECT (id) ON things TO {user}; GRANT SELECT ON closed.things TO {user}");
        try
        {
            await using var connection = await new SourceConnections(database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None);
            await connection.ExecuteAsync($"SET ROLE {user}", "testing", CancellationToken.None);
            var error = await Should.ThrowAsync<SourceException>(() => TableInspector.InspectAsync(connection, new TableName("closed", "things"), CancellationToken.None));
            error.Kind.ShouldBe(SourceErrorKind.Denied);
            error.Message.ShouldContain("GRANT USAGE ON SCHEMA \"closed\" TO <user>; GRANT SELECT ON \"closed\".\"things\" TO <user>;");

            // One column is enough to look at the table; reading another is refused when it is read.
            (await TableInspector.InspectAsync(connection, new TableName("public", "things"), CancellationToken.None)).Columns.Count.ShouldBe(2);
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {user}; DROP ROLE {user}");
        }
    }

    [Theory]
    [InlineData("TRUNCATE things")]
    [InlineData("ALTER TABLE things ALTER id TYPE bigint")]
    [InlineData("TRUNCATE parted_1")]
    public async Task A_table_that_is_emptied_or_rewritten_after_the_snapshot_is_not_read_as_empty(string change)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE things (id int); INSERT INTO things VALUES (1);
            CREATE TABLE parted (id int) PARTITION BY LIST (id); CREATE TABLE parted_1 PARTITION OF parted DEFAULT; INSERT INTO parted VALUES (1);
            """);
        var connections = new SourceConnections(database.ConnectionString, 1, "inspector");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        await database.ExecuteAsync(change);
        var table = new TableName("public", change.Contains("parted", StringComparison.Ordinal) ? "parted" : "things");
        var error = await Should.ThrowAsync<SourceException>(() => TableInspector.InspectAsync(snapshot.Owner, table, CancellationToken.None));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain($"{table} was truncated or rewritten");
    }

    [Fact]
    public async Task A_table_that_was_looked_up_cannot_be_emptied_until_its_snapshot_ends()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int); INSERT INTO things VALUES (1)");
        var connections = new SourceConnections(database.ConnectionString, 1, "inspector");
        await using (var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None))
        {
            await TableInspector.InspectAsync(snapshot.Owner, new TableName("public", "things"), CancellationToken.None);
            (await Should.ThrowAsync<PostgresException>(() => database.ExecuteAsync("SET lock_timeout = '50ms'; TRUNCATE things"))).SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);
        }

        await database.ExecuteAsync("TRUNCATE things");
    }

    private static Task<SourceTable> InspectAsync(TestDatabase database, string name) => InspectAsync(database, new TableName("public", name));

    private static async Task<SourceTable> InspectAsync(TestDatabase database, TableName name)
    {
        await using var connection = await new SourceConnections(database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None);
        return await TableInspector.InspectAsync(connection, name, CancellationToken.None);
    }
}
