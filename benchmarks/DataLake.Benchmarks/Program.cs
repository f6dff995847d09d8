using System.CommandLine;
using DataLake.Benchmarks;
using DataLake.Benchmarks.Contenders;
using DataLake.EmbeddedPostgres;

var root = new RootCommand(
    """
    DataLake's benchmarks. Each prints Markdown on standard output and what it does now on standard error; Ctrl-C stops it, its private server and removes what it wrote.

    Examples:
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- extract
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- extract --rows 1000000 --tables taxi wide --repeat 1 --json extract.json
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- memory
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- memory --rows 1000000 --cases taxi columns_1600 --connections 4
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- latency --windows 300
      dotnet run -c Release --project benchmarks/DataLake.Benchmarks -- tables --parts upsert
    """)
{
    BenchmarkCommands.Extract(), BenchmarkCommands.Memory(), BenchmarkCommands.Latency(), BenchmarkCommands.Tables(), WorkerCommands.Worker(), WorkerCommands.Drain(), WorkerCommands.Table(), WorkerCommands.Idle(),
};
try
{
    // After Ctrl-C the server is stopped and folders are removed, which takes a moment.
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("stopped");
    return 130;
}
catch (Exception error)
{
    Console.Error.WriteLine($"error: {(error is EmbeddedPostgresException or InvalidOperationException ? error.Message : error)}");
    return 1;
}
