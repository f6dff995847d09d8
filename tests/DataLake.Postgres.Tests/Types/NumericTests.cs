using System.Globalization;
using System.Numerics;
using System.Text;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

public sealed class NumericTests(TestPostgres postgres)
{
    [Fact]
    public async Task Random_numbers_are_read_as_PostgreSQL_writes_them_and_written_so_again()
    {
        var random = new Random(38);
        var numbers = new List<(string Text, int Precision, int Scale)> { ("10000000000", 11, 0), ("0.00000001", 8, 8), ("100000000.00000001", 17, 8), ("100000000.00000001", 38, 12), ("10000", 38, 33), ("0", 1, 0), ("-0", 38, 38),
            // The last and the first number on either side of what is written in one piece.
            ("99999999", 18, 0), ("100000000", 18, 0), ("99999999999999.99", 18, 2), ("-100000000000000.00", 18, 2), ("9999999999999999", 18, 0), ("10000000000000000", 18, 0),
            ("9999999999.999", 18, 3), ("999999999999999999", 18, 0), ("-99999999999999999.9", 18, 1) };
        for (var i = 0; i < 20_000; i++)
        {
            var precision = random.Next(1, 39);
            var scale = random.Next(precision + 1);
            numbers.Add((Number(random, precision - scale, scale), precision, scale));
        }

        await using var database = await postgres.CreateDatabaseAsync();
        await using var command = database.DataSource.CreateCommand(
            "SELECT numeric_send(round(t::numeric, s)), round(t::numeric, s)::text, p, s FROM unnest($1, $2, $3) AS n(t, p, s)");
        command.Parameters.Add(new NpgsqlParameter { Value = numbers.Select(number => number.Text).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = numbers.Select(number => number.Precision).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = numbers.Select(number => number.Scale).ToArray() });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = 0;
        while (await reader.ReadAsync())
        {
            var (bytes, text, precision, scale) = (reader.GetFieldValue<byte[]>(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3));
            var unscaled = new NumericForm(precision, scale).ReadUnscaled(bytes);
            unscaled.ShouldBe(Int128.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), $"{text} as numeric({precision},{scale})");
            byte[] canonical = [.. bytes[..6], 0, 0, .. bytes[8..]];
            foreach (var written in Written(new NumericForm(precision, scale), unscaled))
            {
                written.ShouldBe(canonical, $"{text} as numeric({precision},{scale})");
            }

            rows++;
        }

        rows.ShouldBe(numbers.Count);

        static IEnumerable<byte[]> Written(NumericForm form, Int128 unscaled)
        {
            var target = new byte[NumericForm.MostBytesOfInt128];
            yield return target[..form.Write(unscaled, target)];
            if (unscaled == (long)unscaled)
            {
                target = new byte[NumericForm.MostBytesOfLong];
                yield return target[..form.Write((long)unscaled, target)];
            }
        }
    }

    [Theory]
    [InlineData("123.456", 6, 2, "has more than 2 digits after the point")]
    [InlineData("0.00001", 6, 2, "has more than 2 digits after the point")]
    [InlineData("1000000000000000000000000.5", 38, 0, "has more than 0 digits after the point")]
    [InlineData("1000", 5, 2, "has more digits than its type declares")]
    [InlineData("-99999999999999999999999999999999999999", 37, 0, "has more digits than its type declares")]
    [InlineData("1e39", 38, 0, "has more digits than its type declares")]
    [InlineData("123456789e40", 38, 0, "has more digits than its type declares")]
    [InlineData("NaN", 38, 0, "holds NaN, which a decimal cannot hold")]
    [InlineData("Infinity", 38, 0, "holds infinity, which a decimal cannot hold")]
    [InlineData("-Infinity", 38, 0, "holds infinity, which a decimal cannot hold")]
    public async Task A_number_that_the_type_does_not_hold_is_refused(string text, int precision, int scale, string problem)
    {
        if (text.Contains("Infinity", StringComparison.Ordinal))
        {
            TestPostgres.SkipBefore(14, "infinite numerics");
        }

        await using var database = await postgres.CreateDatabaseAsync();
        var bytes = await database.ScalarAsync<byte[]>($"SELECT numeric_send('{text}'::numeric)");
        var error = Should.Throw<ColumnValueException>(() => new NumericForm(precision, scale).ReadUnscaled(bytes));
        error.Message.ShouldBe(problem);
        error.IsDamage.ShouldBeFalse();
    }

    [Fact]
    public void A_decimal_takes_the_fewest_bytes_that_hold_its_digits()
    {
        for (var precision = 19; precision <= 38; precision++)
        {
            var length = 1;
            while (BigInteger.Pow(2, (8 * length) - 1) - 1 < BigInteger.Pow(10, precision) - 1)
            {
                length++;
            }

            var column = new SourceTableColumn("amount", 1, $"numeric({precision},2)", 1700, ((precision << 16) | 2) + 4, Nullable: true);
            ColumnMapping.Of(column, 1).Column.FixedLength.ShouldBe(length, $"precision {precision}");
        }
    }

    /// <summary>Digits with long runs of zeros, so that groups are missing on both sides of the point.</summary>
    private static string Number(Random random, int whole, int scale)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? "-" : "");
        Digits(whole);
        text.Append("0."[(whole > 0 ? 1 : 0)..]);
        Digits(scale);
        return text.Append('0').ToString();

        void Digits(int count)
        {
            var density = random.Next(1, 12);
            for (var i = 0; i < count; i++)
            {
                text.Append(random.Next(density) == 0 ? (char)('0' + random.Next(10)) : '0');
            }
        }
    }
}
