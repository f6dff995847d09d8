namespace DataLake.Pipelines.Import;

/// <summary>A row of a config table as it was written, fields without the spaces around them.</summary>
internal sealed record ConfigRow(int Line, IReadOnlyList<string> Fields)
{
    /// <summary>The names of the columns, as a header row writes them.</summary>
    public static readonly IReadOnlyList<string> Header =
    [
        "job_name", "load_date", "load_window_start", "load_window_stop", "job_flow_id", "job_status", "output_dir", "script_source",
        "database_name", "table_name", "window_db_column", "partition_by_col", "lower_bound", "upper_bound", "num_partitions",
    ];

    public string this[ConfigColumn column] => Fields[(int)column];

    /// <summary>The name of a column as messages say it.</summary>
    public static string NameOf(ConfigColumn column) => Header[(int)column];
}
