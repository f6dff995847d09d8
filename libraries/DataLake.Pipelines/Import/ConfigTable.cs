using DataLake.Contracts;
using DataLake.Pipelines.Parsing;

namespace DataLake.Pipelines.Import;

/// <summary>Makes a pipeline definition from the config table (<c>config.txt</c>) of an older system.</summary>
/// <remarks>
/// The table has 15 columns: job_name, load_date, load_window_start, load_window_stop, job_flow_id, job_status, output_dir, script_source,
/// database_name, table_name, window_db_column, partition_by_col, lower_bound, upper_bound, num_partitions. It is comma-separated, or a pipe table
/// as Markdown has it; a header row may be there or not. A window_db_column of <c>full_load</c> means that the whole table is read.
/// </remarks>
public static class ConfigTable
{
    private const int LongestText = 1 << 20;

    /// <summary>Reads a config table and finds all refused rows at once. Any text is safe to read.</summary>
    /// <param name="text">The table.</param>
    /// <param name="options">What the table does not say.</param>
    /// <returns>A definition that <see cref="PipelineParser"/> reads without error, or the reasons why there is none.</returns>
    public static ConfigImportResult Import(string text, ConfigImportOptions options)
    {
        var problems = new List<ConfigImportProblem>();
        if (text.Length > LongestText)
        {
            problems.Add(new ConfigImportProblem(0, $"the table has more than {LongestText / 1024} KiB; import it in parts"));
            return new ConfigImportResult(null, 0, problems);
        }

        var tables = new List<ImportedTable>();
        var lines = new Dictionary<TableName, int>();
        foreach (var row in ConfigRows.Read(text.TrimStart('\uFEFF'), problems))
        {
            if (new ConfigRowReader(row, options, problems).Read() is not { } table)
            {
                continue;
            }

            if (lines.TryAdd(table.Table, row.Line))
            {
                tables.Add(table);
            }
            else
            {
                problems.Add(
                    new ConfigImportProblem(row.Line, $"table_name {table.Table} stands here a second time (first on line {lines[table.Table]}); keep one"));
            }
        }

        problems = [.. problems.OrderBy(problem => problem.Line)];
        if (tables.Count == 0)
        {
            problems.Add(new ConfigImportProblem(0, "no row could be imported; write one table to a line, with 15 columns"));
        }

        return tables.Count == 0 || (problems.Count > 0 && !options.KeepGoodRows)
            ? new ConfigImportResult(null, 0, problems)
            : Write(tables, options, problems);
    }

    private static ConfigImportResult Write(List<ImportedTable> tables, ConfigImportOptions options, List<ConfigImportProblem> problems)
    {
        var yaml = DefinitionWriter.Write(tables, options);
        var errors = PipelineParser.Parse(yaml, "the imported pipeline").Errors;
        problems.AddRange(errors.Select(error => new ConfigImportProblem(0, error.ToString())));
        return errors.Count > 0 ? new ConfigImportResult(null, 0, problems) : new ConfigImportResult(yaml, tables.Count, problems);
    }
}
