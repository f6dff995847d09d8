namespace DataLake.Contracts;

/// <summary>How a run's rows change a table of the lake.</summary>
public enum WriteMode
{
    /// <summary>Rows are added.</summary>
    Append,

    /// <summary>Rows are added; of two rows with one key the later committed one counts.</summary>
    Upsert,

    /// <summary>The run's rows are the table.</summary>
    Replace,
}
