using System.CommandLine;
using DataLake.Cli.Output;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Import;
using DataLake.Pipelines.Schedules;

namespace DataLake.Cli.Commands;

/// <summary><c>lake import-config FILE</c></summary>
internal static class ImportConfigCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The older table of jobs: 15 columns, comma-separated without a header, or a pipe table." };
        var output = new Option<string?>("--out") { Description = "Where to write the definition. Default: standard output. An existing file is not overwritten." };
        var name = new Option<string>("--pipeline") { Description = "The pipeline's name.", DefaultValueFactory = _ => new ConfigImportOptions().PipelineName };
        var connection = new Option<string>("--connection") { Description = "The reference to the source's connection string.", DefaultValueFactory = _ => new ConfigImportOptions().Connection.ToString() };
        var schedule = new Option<string>("--schedule") { Description = "The schedule of every table.", DefaultValueFactory = _ => new ConfigImportOptions().Schedule.Text };
        var schema = new Option<string>("--schema") { Description = "The schema of the tables.", DefaultValueFactory = _ => new ConfigImportOptions().Schema };
        var keepGood = new Option<bool>("--keep-good-rows") { Description = "Write the rows that are good even if others are refused." };
        var command = new Command("import-config", "Turn the older config.txt into a definition. Example: lake import-config config.txt --out pipelines/imported.yaml")
        {
            file, output, name, connection, schedule, schema, keepGood,
        };
        command.SetAction((parsed, _) => CommandOutput.GuardAsync(() =>
        {
            var options = new ConfigImportOptions
            {
                PipelineName = parsed.GetValue(name)!,
                Connection = SecretReference.TryParse(parsed.GetValue(connection), out var reference) ? reference : throw new Failure("--connection takes a reference such as env:DATALAKE_SOURCE, not a connection string."),
                Schedule = Schedule.TryParse(parsed.GetValue(schedule), out var times, out var problem) ? times : throw new Failure($"--schedule: {problem}"),
                Schema = parsed.GetValue(schema)!,
                KeepGoodRows = parsed.GetValue(keepGood),
            };
            return Task.FromResult(Run(parsed.GetValue(file)!, parsed.GetValue(output), options));
        }));
        return command;
    }

    private static int Run(string file, string? output, ConfigImportOptions options)
    {
        var result = ConfigTable.Import(Read(file), options);
        foreach (var problem in result.Problems)
        {
            Console.Error.WriteLine($"{file}: {problem}");
        }

        if (result.Yaml is null)
        {
            Console.Error.WriteLine("Nothing was written. Correct these rows, or write the good ones with --keep-good-rows.");
            return CommandOutput.NotWell;
        }

        if (output is null)
        {
            Console.Write(result.Yaml);
        }
        else
        {
            Write(output, result.Yaml);
            Console.WriteLine($"{output}: {result.Tables} table(s). Check it with: lake validate {output}");
        }

        return result.Problems.Count == 0 ? CommandOutput.Ok : CommandOutput.NotWell;
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure($"{file} cannot be read: {error.Message}");
        }
    }

    private static void Write(string file, string text)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            using var stream = new FileStream(file, FileMode.CreateNew);
            using var writer = new StreamWriter(stream);
            writer.Write(text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure($"{file} cannot be written: {error.Message}");
        }
    }
}
