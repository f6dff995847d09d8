namespace DataLake.Parquet.Schema;

/// <summary>The columns of a file, in order.</summary>
public sealed class ParquetSchema
{
    /// <summary>Creates a schema.</summary>
    /// <param name="columns">One or more columns with different names.</param>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidSchema"/>: no columns, a doubled name, or a column that contradicts itself.</exception>
    public ParquetSchema(IReadOnlyList<ParquetColumn> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0) throw new ParquetException(ParquetErrorKind.InvalidSchema, "A Parquet schema needs at least one column.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            if (column.Fault() is { } fault) throw new ParquetException(ParquetErrorKind.InvalidSchema, fault);
            if (!names.Add(column.Name)) throw new ParquetException(ParquetErrorKind.InvalidSchema, $"Two columns are named '{column.Name}'.");
        }

        Columns = [.. columns];
    }

    /// <summary>The columns in file order.</summary>
    public IReadOnlyList<ParquetColumn> Columns { get; }

    /// <summary>The position of the column of this name (ordinal comparison), or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Columns.Count; i++)
            if (string.Equals(Columns[i].Name, name, StringComparison.Ordinal)) return i;
        return -1;
    }
}
