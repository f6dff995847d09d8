using System.CommandLine;
using DataLake.Catalogs;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Ledger.LakeTables;
using DataLake.Pipelines.Secrets;
using DataLake.Storage;

namespace DataLake.Cli.Tables;

/// <summary>The lake's tables: their catalog (in the ledger, unless the settings name another), their files in the lake's directory.</summary>
internal sealed class LakeTables
{
    private const string DirectoryVariable = "DataLake__LakeDirectory";

    private const int MostNames = 20;

    public LakeTables(ParseResult parsed, LedgerAccess ledger)
    {
        var directory = parsed.GetValue(DirectoryOption) ?? Environment.GetEnvironmentVariable(DirectoryVariable) ?? Path.Combine(parsed.GetValue(LedgerAccess.DataDirectoryOption)!, "lake");
        Files = new TableFiles(new LakeDirectory(directory));
        var settings = CatalogSettings.Read(name => Environment.GetEnvironmentVariable($"{CatalogSettings.Section.Replace(":", "__", StringComparison.Ordinal)}__{name}"));
        Catalog = LakeCatalog.Open(settings, ledger.DataSource, new MetadataFiles(Files), new SecretResolver(), TimeProvider.System);
    }

    public static Option<string?> DirectoryOption { get; } = new("--lake")
    {
        Description = $"The lake's directory, where it is not 'lake' in the data directory (also: {DirectoryVariable}, as for the services).",
    };

    public TableFiles Files { get; }

    public ICatalog Catalog { get; }

    /// <summary>The tables, of all pipelines or of one.</summary>
    public async Task<IReadOnlyList<TableIdentifier>> ListAsync(string? pipeline, CancellationToken cancellation)
    {
        var tables = new List<TableIdentifier>();
        foreach (var name in await Catalog.ListNamespacesAsync(cancellation))
        {
            if (pipeline is null || name == pipeline)
            {
                tables.AddRange(await Catalog.ListTablesAsync(name, cancellation));
            }
        }

        return tables;
    }

    /// <summary>The table that a person means: by its name in the lake, with or without the pipeline, or by that of the source's table.</summary>
    /// <exception cref="Failure">There is none, or several.</exception>
    public async Task<CatalogTable> FindAsync(string name, string? pipeline, CancellationToken cancellation)
    {
        var all = await ListAsync(pipeline, cancellation);
        var source = TableName.TryParse(name);
        var found = all.Where(table => table.ToString() == name || table.Name == name || (source is not null && LakeTableNames.Of(table.Namespace, source) == table)).ToList();
        return found.Count switch
        {
            1 => await Catalog.LoadTableAsync(found[0], cancellation) ?? throw new Failure($"The table {found[0]} was dropped meanwhile."),
            0 when all.Count == 0 => throw new Failure($"The lake has no tables yet{(pipeline is null ? "" : $" of the pipeline '{pipeline}'")}. A table comes with its first rows; see: lake status"),
            0 => throw new Failure($"The lake has no table '{name}'. It has: {Names(all)}."),
            _ => throw new Failure($"'{name}' may be {Names(found)}. Give the whole name, or the pipeline with --pipeline."),
        };
    }

    private static string Names(IReadOnlyList<TableIdentifier> tables) =>
        string.Join(", ", tables.Take(MostNames)) + (tables.Count > MostNames ? $", and {tables.Count - MostNames} more (lake table lists them)" : "");
}
