using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>What a definition says of the columns of one table.</summary>
public sealed record ColumnRules
{
    /// <summary>All columns as they are.</summary>
    public static ColumnRules None { get; } = new();

    /// <summary>What it decides about types.</summary>
    public TypePolicies Policies { get; init; } = TypePolicies.Default;

    /// <summary>The columns that are masked.</summary>
    public IReadOnlyDictionary<string, ColumnMaskRule> Masks { get; init; } = new Dictionary<string, ColumnMaskRule>();

    /// <summary>The columns that identify a row. No value of theirs is left out, for rows that differ would become one: it is refused instead.</summary>
    public IReadOnlyCollection<string> Key { get; init; } = [];

    /// <summary>Whether a mask needs the pipeline's key.</summary>
    public bool NeedMaskKey => Masks.Values.Any(rule => rule.Mask is ColumnMask.Hash or ColumnMask.DateShift);

    internal ColumnMaskRule MaskOf(SourceTableColumn column) => Masks.GetValueOrDefault(column.Name) ?? new ColumnMaskRule(ColumnMask.None);

    internal TypePolicies PoliciesOf(SourceTableColumn column) => !Key.Contains(column.Name) ? Policies : Policies with
    {
        Nan = NotFinite.Refuse,
        Infinity = Policies.Infinity == NotFinite.Null ? NotFinite.Refuse : Policies.Infinity,
    };
}
