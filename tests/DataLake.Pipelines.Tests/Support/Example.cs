namespace DataLake.Pipelines.Tests.Support;

/// <summary>The example of docs/definitions.md, which uses every key.</summary>
internal static class Example
{
    public static string Yaml
    {
        get
        {
            var page = RepositoryFile.Read("docs/definitions.md");
            var start = page.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
            return page[start..page.IndexOf("```\n", start, StringComparison.Ordinal)];
        }
    }

    /// <summary>The shortest pipeline with one table, to which keys of that table and of the pipeline can be added.</summary>
    public static string Smallest(string table = "", string pipeline = "") =>
        $"pipeline: p\nsource:\n  connection: env:SOURCE\n{pipeline}tables:\n  - table: public.t\n    schedule: rate(1 day)\n" +
        string.Concat(table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"    {line}\n"));
}
