using System.Security.Cryptography;
using System.Text;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

public sealed class ColumnMaskTests(TestPostgres postgres)
{
    private const string Table =
        """
        CREATE TYPE place AS (name text, floor int);
        CREATE TABLE people (id int NOT NULL, mail text, balance numeric(10,2), home place, code char(4));
        INSERT INTO people VALUES (1, 'a@b.example', 12.50, ROW('x', NULL), 'ab'), (2, NULL, NULL, NULL, NULL), (3, 'a@b.example', -1, ROW(NULL, NULL), 'ab');
        """;

    [Fact]
    public async Task Redacted_values_show_only_whether_they_are_there() =>
        await ExpectAsync(ColumnMask.Redact,
            ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "[redacted]"],
            ["[redacted]", null, null, null, null],
            ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "[redacted]"]);

    [Fact]
    public async Task Nulled_values_are_missing_even_where_the_column_was_required() =>
        await ExpectAsync(ColumnMask.Null, new string?[5], new string?[5], new string?[5]);

    [Fact]
    public async Task Hashed_values_are_a_keyed_hash_of_their_text() =>
        await ExpectAsync(ColumnMask.Hash,
            [Hash("1"), Hash("a@b.example"), Hash("12.50"), Hash("(x,)"), Hash("ab")],
            [Hash("2"), null, null, null, null],
            [Hash("3"), Hash("a@b.example"), Hash("-1.00"), Hash("(,)"), Hash("ab")]);

    [Fact]
    public void A_hash_without_a_key_is_refused() => Should.Throw<ArgumentNullException>(
        () => ColumnMapping.Of(new("mail", 1, "text", 25, -1, Nullable: true), 1, ColumnMask.Hash));

    private async Task ExpectAsync(ColumnMask mask, params string?[][] expected)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Table);
        using var folder = new TemporaryFolder();
        var file = folder.In("masked.parquet");
        await Extraction.ToFileAsync(database, "people", file, "ORDER BY people.id", (column, fieldId) => ColumnMapping.Of(column, fieldId, mask, "key"));
        (await Extraction.ReadOurselvesAsync(file)).ShouldBe(expected);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData("key"u8, Encoding.UTF8.GetBytes(text)));
}
