using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

public sealed class TypeMappingsTests(TestPostgres postgres)
{
    // Types that PostgreSQL uses for itself; a column of a user's table hardly ever has one.
    private static readonly string[] Inner =
        ["int2vector", "oidvector", "refcursor", "aclitem", "gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary"];

    [Fact]
    public async Task Every_type_of_PostgreSQL_has_a_line_that_names_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var names = new List<string>();
        await using (var command = database.DataSource.CreateCommand(
            "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typelem = 0 AND typisdefined ORDER BY 1"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        names.Count.ShouldBeGreaterThan(60);
        names = [.. names.Except(Inner)];
        var columns = await ColumnsAsync(database, names);
        for (var i = 0; i < names.Count; i++)
        {
            var line = TypeMappings.Of(columns[i], TypePolicies.Default);
            line.Types.ShouldContain(type => type == names[i] || type.StartsWith(names[i] + " ", StringComparison.Ordinal), $"{names[i]} has the line of {string.Join(", ", line.Types)}");
        }
    }

    [Fact]
    public async Task Every_type_that_a_line_names_is_taken_by_that_line()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        foreach (var extension in (string[])["citext", "hstore", "ltree"])
        {
            if (await database.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = '{extension}')"))
            {
                await database.ExecuteAsync($"CREATE EXTENSION {extension}");
            }
        }

        var named = new List<(TypeMapping Line, string Type)>();
        foreach (var line in TypeMappings.All.Where(line => line.Fidelity != Fidelity.Policy))
        {
            foreach (var type in line.Types)
            {
                await using var command = database.DataSource.CreateCommand("SELECT EXISTS (SELECT FROM pg_type WHERE format_type(oid, NULL) = $1)");
                command.Parameters.Add(new NpgsqlParameter { Value = type });
                if ((bool)(await command.ExecuteScalarAsync())!)
                {
                    named.Add((line, type));
                }
            }
        }

        named.Count.ShouldBeGreaterThan(60);
        var columns = await ColumnsAsync(database, [.. named.Select(pair => pair.Type)]);
        for (var i = 0; i < named.Count; i++)
        {
            TypeMappings.Of(columns[i], TypePolicies.Default).ShouldBeSameAs(named[i].Line, named[i].Type);
        }
    }

    [Fact]
    public async Task The_type_that_a_line_tells_of_is_the_type_of_the_file()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(ValueKind.OwnTypes);
        foreach (var policies in (TypePolicies[])[TypePolicies.Default, new() { DecimalScale = 9, Infinity = NotFinite.Text }, new() { Nan = NotFinite.Null, Infinity = NotFinite.Null, Arrays = ArrayForm.List }])
        {
            foreach (var column in await ColumnsAsync(database, [.. ValueKind.All.Select(kind => kind.Type)]))
            {
                var told = TypeMappings.Of(column, policies).Iceberg;
                var found = TypeFidelity.LakeType(ColumnMapping.Of(column, 1, policies: policies).Column);
                var isParted = told is "list" || told.StartsWith("decimal", StringComparison.Ordinal);
                (isParted ? found.StartsWith(told[..4], StringComparison.Ordinal) : found == told).ShouldBeTrue($"{column.Type}: {found} instead of {told}");
            }
        }
    }

    internal static async Task<IReadOnlyList<SourceTableColumn>> ColumnsAsync(TestDatabase database, IReadOnlyList<string> types)
    {
        await database.ExecuteAsync($"DROP TABLE IF EXISTS columns_of_types; CREATE TABLE columns_of_types ({string.Join(", ", types.Select((type, i) => $"c{i} {type}"))})");
        var connections = new SourceConnections(database.ConnectionString, 1, "type mappings test");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        return (await TableInspector.InspectAsync(snapshot.Owner, new TableName("public", "columns_of_types"), CancellationToken.None)).Columns;
    }
}
