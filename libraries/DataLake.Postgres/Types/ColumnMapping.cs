using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>How one column of a source becomes one column of a file.</summary>
/// <param name="Name">The column.</param>
/// <param name="Select">The expression that the source is asked for.</param>
/// <param name="Column">The column of the file.</param>
/// <param name="Bind">Makes the decoder for the column of one file.</param>
/// <param name="BindBack">Makes the encoder for the column of one file that was written.</param>
public sealed record ColumnMapping(string Name, string Select, ParquetColumn Column, Func<ColumnBuffer, ColumnDecoder> Bind, Func<ColumnValues, ColumnEncoder> BindBack)
{
    /// <summary>
    /// The mapping of a column, as <see cref="TypeMappings"/> and a mask that needs no other column say. <see cref="TableMapping"/> maps whole tables and says what does not fit.
    /// </summary>
    /// <param name="column">The column of the source.</param>
    /// <param name="fieldId">The column's id in the lake's table.</param>
    /// <param name="mask">What becomes of its values.</param>
    /// <param name="maskKey">The key of <see cref="ColumnMask.Hash"/>.</param>
    /// <param name="policies">What the definition decides; null: <see cref="TypePolicies.Default"/>.</param>
    public static ColumnMapping Of(
        SourceTableColumn column, int fieldId, ColumnMask mask = ColumnMask.None, string? maskKey = null, TypePolicies? policies = null)
    {
        ArgumentNullException.ThrowIfNull(column);
        var form = new ColumnForm(column, fieldId, policies ?? TypePolicies.Default);
        return mask switch
        {
            ColumnMask.None => Plain(form),
            ColumnMask.Null => Null(Plain(form)),
            // Not IS NOT NULL, which is false for a composite value with a NULL inside.
            ColumnMask.Redact => form.Text($"CASE WHEN {form.Name} IS DISTINCT FROM NULL THEN '[redacted]' END"),
            ColumnMask.Hash => Hash(form, KeyOf(maskKey)),
            ColumnMask.Partial => form.Text(form.AsText) with { Bind = buffer => new PartialDecoder((ByteArrayColumnBuffer)buffer) },
            _ => throw new ArgumentOutOfRangeException(nameof(mask), mask, "This mask needs another column."),
        };
    }

    /// <summary>The mapping of a date or timestamp that moves by as many days as the value of another column says.</summary>
    internal static ColumnMapping DateShift(SourceTableColumn column, int fieldId, SourceTableColumn by, string? maskKey, TypePolicies policies)
    {
        // Text has no days: where the definition makes infinite dates texts, they are refused in a column that moves.
        var form = new ColumnForm(column, fieldId, policies.Infinity == NotFinite.Text ? policies with { Infinity = NotFinite.Refuse } : policies);
        var (plain, key) = (Plain(form), KeyOf(maskKey));
        var (send, length, isNotFinite) = column.TypeId switch
        {
            PostgresTypeId.Date => ("date_send", 4, (NotFiniteTest)NotFiniteValues.IsDate),
            PostgresTypeId.Timestamp => ("timestamp_send", 8, NotFiniteValues.IsTimestamp),
            _ => ("timestamptz_send", 8, NotFiniteValues.IsTimestamp),
        };
        return plain with
        {
            Select = $"pg_catalog.{send}({form.Name}) OPERATOR(pg_catalog.||) pg_catalog.textsend({(form with { Source = by }).AsText})",
            Column = plain.Column with { Nullable = plain.Column.Nullable || by.Nullable },
            Bind = buffer => new DateShiftDecoder(buffer, plain.Bind(buffer), isNotFinite, length, by.Name, key),
        };
    }

    internal static ColumnMapping Plain(ColumnForm form)
    {
        var line = TypeMappings.Of(form.Source, form.Policies);
        var mapping = line.Map(form);
        return line.IsNotFinite is not { } isNotFinite || !TypeMappings.LeavesOut(line, form.Policies) ? mapping : mapping with
        {
            Column = mapping.Column with { Nullable = true },
            Bind = buffer => new FiniteDecoder(buffer, mapping.Bind(buffer), isNotFinite),
        };
    }

    private static ColumnMapping Null(ColumnMapping plain) =>
        plain with { Select = $"CASE WHEN false THEN {plain.Select} END", Column = plain.Column with { Nullable = true } };

    private static ColumnMapping Hash(ColumnForm form, byte[] key) =>
        form.Text(form.AsText) with { Bind = buffer => new HashDecoder((ByteArrayColumnBuffer)buffer, key) };

    private static byte[] KeyOf(string? maskKey) => HashDecoder.Key(maskKey ?? throw new ArgumentNullException(nameof(maskKey)));
}
