using System.Globalization;
using DataLake.Contracts;
using DataLake.Testing;
using Npgsql;
using Shouldly;

namespace DataLake.Postgres.Tests.Types;

/// <summary>A table of random values, their extremes and NULL: a column <c>id</c> of row numbers, and one column of each kind.</summary>
/// <param name="Name">The table, as SQL.</param>
/// <param name="Kinds">The columns.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Nulls">Which part of the values is NULL.</param>
/// <param name="Seed">What the server's random numbers begin with, from -1 to 1.</param>
internal sealed record ValueTable(string Name, ValueKind[] Kinds, int Rows, double Nulls, double Seed)
{
    /// <summary>The columns' names, without that of <c>id</c>.</summary>
    public IReadOnlyList<string> ColumnNames { get; init; } = [.. Kinds.Select((_, i) => $"c{i}")];

    /// <summary>Creates and fills it.</summary>
    public async Task CreateAsync(TestDatabase database)
    {
        await database.ExecuteAsync($"CREATE TABLE {Name} (id int PRIMARY KEY, {string.Join(", ", Kinds.Select((kind, i) => $"{TableName.Quote(ColumnNames[i])} {kind.Type}"))})");
        var values = Kinds.Select(kind =>
            $"CASE {string.Join(' ', kind.Extremes.Select((value, i) => $"WHEN i = {i} THEN {Literal(value, kind.Type)}"))} " +
            $"WHEN random() < {Nulls.ToString(CultureInfo.InvariantCulture)} THEN NULL ELSE {kind.Random} END");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var insert = new NpgsqlCommand(
            $"SELECT setseed({Seed.ToString(CultureInfo.InvariantCulture)}); SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; " +
            $"INSERT INTO {Name} SELECT i, {string.Join(", ", values)} FROM generate_series(0, {Rows - 1}) i", connection);
        await insert.ExecuteNonQueryAsync();
    }

    /// <summary>What readers of the lake have to see, in the order of the rows' numbers.</summary>
    public async Task<List<string?[]>> ExpectedAsync(TestDatabase database)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var settings = new NpgsqlCommand("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1", connection);
        await settings.ExecuteNonQueryAsync();
        var columns = Kinds.Select((kind, i) => string.Format(CultureInfo.InvariantCulture, kind.Expected, TableName.Quote(ColumnNames[i])));
        await using var command = new NpgsqlCommand($"SELECT id::text, {string.Join(", ", columns)} FROM {Name} ORDER BY {Name}.id", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string?[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i))]);
        }

        return rows;
    }

    /// <summary>Holds what a reader found against what it has to see.</summary>
    public void Compare(string reader, IReadOnlyList<string?[]> found, List<string?[]> expected)
    {
        found.Count.ShouldBe(expected.Count, reader);
        var wrong = new List<string>();
        for (var row = 0; row < expected.Count; row++)
        {
            for (var column = 0; column < expected[row].Length; column++)
            {
                if (found[row][column] != expected[row][column])
                {
                    wrong.Add($"{(column == 0 ? "id" : $"{ColumnNames[column - 1]} {Kinds[column - 1].Type}")}, row {row}: {found[row][column] ?? "NULL"} instead of {expected[row][column] ?? "NULL"}");
                }
            }
        }

        wrong.Take(40).ShouldBeEmpty($"{reader} reads {wrong.Count} values of {this} otherwise");
    }

    private static string Literal(string value, string type) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'::{type}";
}
