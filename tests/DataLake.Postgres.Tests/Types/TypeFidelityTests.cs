using DataLake.Contracts;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

public sealed class TypeFidelityTests
{
    private static readonly SourceTable Table = new(new TableName("public", "people"), 1, 'r', [], 150_000,
    [
        new("id", 1, "bigint", 20, -1, Nullable: false),
        new("amount", 2, "numeric(14,2)", 1700, ((14 << 16) | 2) + 4, Nullable: true),
        new("weight", 3, "numeric", 1700, -1, Nullable: true),
        new("born", 4, "date", 1082, -1, Nullable: true),
        new("seen", 5, "timestamp with time zone", 1184, -1, Nullable: true),
        new("tags", 6, "text[]", 1009, -1, Nullable: true),
        new("mood", 7, "mood", 16_400, -1, Nullable: true),
        new("iban", 8, "text", 25, -1, Nullable: true),
    ], []);

    [Fact]
    public void Without_a_word_of_the_definition_every_column_is_exact_or_exact_as_text()
    {
        var report = TypeFidelity.Report(Table, ColumnRules.None);
        report.Select(column => (column.Column, column.SourceType, column.LakeType, column.Fidelity)).ShouldBe(
        [
            ("id", "bigint", "long", Fidelity.Exact),
            ("amount", "numeric(14,2)", "decimal(14,2)", Fidelity.Exact),
            ("weight", "numeric", "string", Fidelity.ExactAsText),
            ("born", "date", "date", Fidelity.Exact),
            ("seen", "timestamp with time zone", "timestamptz", Fidelity.Exact),
            ("tags", "text[]", "string", Fidelity.ExactAsText),
            ("mood", "mood", "string", Fidelity.ExactAsText),
            ("iban", "text", "string", Fidelity.Exact),
        ]);
        report[1].Note.ShouldStartWith("Refused: NaN, Infinity, -Infinity (see types.nan).");
        report[2].Note.ShouldStartWith("By types.numeric: text.");
        report[0].Note.ShouldBeEmpty();
    }

    [Fact]
    public void What_the_definition_decides_is_told()
    {
        var report = TypeFidelity.Report(Table, new ColumnRules
        {
            Policies = new TypePolicies { DecimalScale = 9, Nan = NotFinite.Null, Infinity = NotFinite.Null, Arrays = ArrayForm.List },
            Masks = new Dictionary<string, ColumnMaskRule> { ["iban"] = new(ColumnMask.Partial), ["born"] = new(ColumnMask.DateShift, "id"), ["id"] = new(ColumnMask.Hash) },
        });
        report.Select(column => (column.LakeType, column.Fidelity)).ShouldBe(
        [
            ("string", Fidelity.Masked),
            ("decimal(14,2)", Fidelity.Policy),
            ("decimal(38,9)", Fidelity.Policy),
            ("date", Fidelity.Masked),
            ("timestamptz", Fidelity.Policy),
            ("list<string>", Fidelity.Policy),
            ("string", Fidelity.ExactAsText),
            ("string", Fidelity.Masked),
        ]);
        report[1].Note.ShouldStartWith("By types.nan. Values that are not finite become NULL.");
        report[3].Note.ShouldBe("Moved by up to 365 days, decided by id; NULL where id is.");
        report[4].Note.ShouldStartWith("By types.infinity. Values that are not finite become NULL.");
    }

    [Fact]
    public void A_mask_that_does_not_fit_is_told_before_the_first_row() => Should.Throw<SourceException>(
        () => TypeFidelity.Report(Table, new ColumnRules { Masks = new Dictionary<string, ColumnMaskRule> { ["amount"] = new(ColumnMask.Partial) } }))
        .Kind.ShouldBe(SourceErrorKind.Unfit);
}
