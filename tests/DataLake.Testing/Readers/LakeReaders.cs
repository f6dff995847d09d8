using System.Diagnostics;

namespace DataLake.Testing.Readers;

/// <summary>Reads Parquet files with programs that share no code with DataLake (tests/readers/read.mjs, which documents the form of the rows).</summary>
public static class LakeReaders
{
    /// <summary>The readers: DuckDB, hyparquet (JavaScript) and parquet-wasm (Rust).</summary>
    public static IReadOnlyList<string> Names { get; } = ["duckdb", "hyparquet", "parquet-wasm"];

    /// <summary>Reads files in one process. Each gives its lines: the column names first, then one line a row.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> ReadAsync(string reader, IReadOnlyList<string> files, CancellationToken cancellationToken = default)
    {
        var output = await RunAsync([reader, .. files], "", cancellationToken);
        return [.. output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(part => (IReadOnlyList<string>)part.TrimEnd('\n').Split('\n'))];
    }

    /// <summary>Runs SQL in DuckDB and returns the rows of the last statement, without the line of column names.</summary>
    public static async Task<IReadOnlyList<string>> SqlAsync(string sql, CancellationToken cancellationToken = default)
    {
        var output = await RunAsync(["sql"], sql, cancellationToken);
        return output.TrimEnd('\n').Split('\n')[1..];
    }

    /// <summary>Writes a Parquet file again, by the Rust writer, with data pages of version 2.</summary>
    public static Task RewriteV2Async(string from, string to, CancellationToken cancellationToken = default) =>
        RunAsync(["rewrite-v2", from, to], "", cancellationToken);

    /// <summary>Reads the current snapshot of an Iceberg table with icebird (JavaScript), which finds manifests, data files and delete files from the metadata file on.
    /// Gives the column names first, then one line a row.</summary>
    public static async Task<IReadOnlyList<string>> IcebergAsync(string metadataFile, CancellationToken cancellationToken = default) =>
        (await RunAsync(["icebird", metadataFile], "", cancellationToken)).TrimEnd('\n').Split('\n');

    /// <summary>Asks a REST catalog with iceberg-js (JavaScript), and reads a table's rows with icebird. Gives the catalog's namespaces, the namespace's tables, the column names, then one line a row.</summary>
    public static async Task<IReadOnlyList<string>> RestAsync(Uri catalog, string @namespace, string table, string? token = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        IReadOnlyList<string> secret = token is null ? [] : [token];
        return (await RunAsync(["rest", catalog.AbsoluteUri, @namespace, table, .. secret], "", cancellationToken)).TrimEnd('\n').Split('\n');
    }

    /// <summary>Reads an Avro file with avsc (JavaScript). Gives the header's entries first, then one line a record.</summary>
    public static async Task<IReadOnlyList<string>> AvroAsync(string file, CancellationToken cancellationToken = default) =>
        (await RunAsync(["avro", file], "", cancellationToken)).TrimEnd('\n').Split('\n');

    private static async Task<string> RunAsync(IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Repository.PathOf("tests", "readers", "read.mjs"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"read.mjs {arguments[0]} failed with exit code {process.ExitCode}: {await errors}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
