using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>One line of <see cref="TypeMappings"/>: what some types of PostgreSQL become. docs/types.md is made of these.</summary>
/// <param name="Types">The types, by PostgreSQL's names or in words.</param>
/// <param name="Parquet">The type in the file.</param>
/// <param name="Iceberg">The type in the table.</param>
/// <param name="Fidelity">How truly values are kept.</param>
public sealed record TypeMapping(IReadOnlyList<string> Types, string Parquet, string Iceberg, Fidelity Fidelity)
{
    /// <summary>The key under the definition's <c>types</c> that chooses this line or bends it, or null.</summary>
    public string? Policy { get; init; }

    /// <summary>Values that stop the run, in words; empty: none.</summary>
    public string Refused { get; init; } = "";

    /// <summary>What else there is to know; may be empty.</summary>
    public string Remark { get; init; } = "";

    /// <summary>Whether the line is for a column. The first that is decides.</summary>
    internal Func<SourceTableColumn, TypePolicies, bool> Takes { get; init; } = (_, _) => true;

    /// <summary>Makes the mapping of a column: if nothing else is said, the text that PostgreSQL writes.</summary>
    internal Func<ColumnForm, ColumnMapping> Map { get; init; } = form => form.Text(form.AsText);

    /// <summary>Which values of the binary form are not finite, where the type in the file has no such value.</summary>
    internal NotFiniteTest? IsNotFinite { get; init; }
}
